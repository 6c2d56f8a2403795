"""Fetches what a job reads before it starts: the model of another job into its folder, datasets into the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from db import inputs
from db.engine import Database
from db.inputs import DatasetInput
from db.leases import Lease
from ml.decoded_manifest import key_of
from storage import Store, StoreError
from trainshed.errors import InvalidSpec
from trainshed.specs import CommandSpec, Data, EvaluateSpec, JobSpec, PredictSpec, TrainSpec, parse_spec
from worker.cache import DataCache
from worker.protocol import DataFile

Decode: TypeAlias = Callable[[Data, DataFile, Path], int]
"""Decodes a file as `data` says into a folder that is not there yet, and returns how many bytes it has."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where inputs come from."""

    database: Database
    store: Store
    cache: DataCache
    decode: Decode
    gives_up: Callable[[], bool]
    """Whether nobody waits for the job any more."""


@contextmanager
def fetched_inputs(spec: JobSpec, lease: Lease, folder: Path, sources: Sources) -> Iterator[dict[str, DataFile]]:
    """Yield the uploaded datasets of a job by what its spec calls them; they stay until the end of the block.

    Raises `StoreError`, `DatabaseUnavailable`, `worker.cache.GaveUp`, and what `decode` raises.
    """
    if spec.model_source is not None:
        _fetch_model(spec.model_source.job, folder, sources)
    with ExitStack() as used:
        yield {} if isinstance(spec, CommandSpec) else _fetch_datasets(spec, lease, used, sources)


def _fetch_model(job_id: str, folder: Path, sources: Sources) -> None:
    with sources.database.read() as conn:
        files = inputs.model_files(conn, job_id)
    if len(files) < 2:
        raise StoreError(f"job {job_id} has no model among its artifacts")
    for file in files:
        sources.store.fetch_to(file.sha256, folder / file.path)


def _fetch_datasets(spec: JobSpec, lease: Lease, used: ExitStack, sources: Sources) -> dict[str, DataFile]:
    with sources.database.read() as conn:
        versions = inputs.dataset_inputs(conn, lease.job_id)
    data = _data_of(spec, sources.database) if versions else None
    return {version.ref: _fetch(version, data, used, sources) for version in versions}


def _fetch(version: DatasetInput, data: Data | None, used: ExitStack, sources: Sources) -> DataFile:
    """Return the decoded dataset where a job trains or measures on it, and the file itself where one looks into it."""
    if data is None or data.dataset != version.ref:
        path = used.enter_context(sources.cache.use(version.sha256, version.size))
        return DataFile(path=str(path), filename=version.filename)

    def make(target: Path) -> int:
        with sources.cache.use(version.sha256, version.size) as file:
            return sources.decode(data, DataFile(path=str(file), filename=version.filename), target)

    key = key_of(version.sha256, data)
    folder = used.enter_context(sources.cache.use_made(key, make, gives_up=sources.gives_up))
    return DataFile(path=str(folder), filename=version.filename, is_decoded=True)


def _data_of(spec: JobSpec, database: Database) -> Data | None:
    """Return what the job says of the data that it needs decoded: others may leave that to the train job.

    None: it reads the file itself, as families do that take tables or texts.
    """
    if isinstance(spec, TrainSpec):
        return _decoded(spec)
    if not isinstance(spec, EvaluateSpec | PredictSpec):
        return None
    if isinstance(spec, PredictSpec) and spec.data is not None:
        return None  # what is asked may have no labels, and decoding wants them
    with database.read() as conn:
        document = inputs.spec_of(conn, spec.model.job)
    try:
        trained = parse_spec(document)
    except InvalidSpec:  # the job is gone, or of another version: the child decodes by itself
        return None
    decoded = _decoded(trained) if isinstance(trained, TrainSpec) else None
    return decoded if decoded is None or spec.data is None else spec.data


def _decoded(trained: TrainSpec) -> Data | None:
    return trained.data if trained.model.takes == "images" else None
