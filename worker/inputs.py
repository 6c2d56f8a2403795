"""Fetches what a job reads before it starts: the model of another job into its folder, datasets into the cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from db import inputs
from db.engine import Database
from db.leases import Lease
from storage import Store, StoreError
from trainshed.specs import CommandSpec, JobSpec
from worker.cache import DataCache
from worker.protocol import DataFile


@contextmanager
def fetched_inputs(
    spec: JobSpec, lease: Lease, folder: Path, *, database: Database, store: Store, cache: DataCache
) -> Iterator[dict[str, DataFile]]:
    """Yield the uploaded datasets of a job by what its spec calls them; they stay until the end of the block.

    Raises `StoreError`, `DatabaseUnavailable`.
    """
    if spec.model_source is not None:
        _fetch_model(spec.model_source.job, folder, database=database, store=store)
    with ExitStack() as used:
        yield {} if isinstance(spec, CommandSpec) else _fetch_datasets(lease, used, database=database, cache=cache)


def _fetch_model(job_id: str, folder: Path, *, database: Database, store: Store) -> None:
    with database.read() as conn:
        files = inputs.model_files(conn, job_id)
    if len(files) < 2:
        raise StoreError(f"job {job_id} has no model among its artifacts")
    for file in files:
        store.fetch_to(file.sha256, folder / file.path)


def _fetch_datasets(lease: Lease, used: ExitStack, *, database: Database, cache: DataCache) -> dict[str, DataFile]:
    with database.read() as conn:
        versions = inputs.dataset_inputs(conn, lease.job_id)
    return {
        version.ref: DataFile(
            path=str(used.enter_context(cache.use(version.sha256, version.size))), filename=version.filename
        )
        for version in versions
    }
