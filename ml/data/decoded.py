"""Writes and reads the folder of a decoded dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.copies import first_equal
from ml.data.dataset import Dataset
from ml.data.files import DataSource
from ml.decoded_manifest import EQUAL, IMAGES, LABELS, MANIFEST, Manifest
from ml.errors import InvalidData

_REMEDY: Final = "Submit the job again; if it stays so, restart the worker, which drops its cache."


def write_decoded(dataset: Dataset, source: DataSource, folder: Path) -> None:
    """Write a dataset into an empty folder. Whoever finds a manifest there finds all of it."""
    equal = first_equal(dataset.images) if dataset.equal is None else dataset.equal
    for name, array in ((IMAGES, dataset.images), (LABELS, dataset.labels), (EQUAL, equal)):
        np.ascontiguousarray(array).tofile(folder / name)
    manifest = Manifest(
        shape=tuple(dataset.images.shape),
        dtype="uint8" if dataset.images.dtype == np.uint8 else "float32",
        class_names=dataset.class_names,
        own_validation_from=dataset.own_validation_from,
        own_test_from=dataset.own_test_from,
        format=dataset.format,
        provenance=None if dataset.provenance == source.provenance else dataset.provenance,
        licence=dataset.licence,
        synthetic=dataset.synthetic,
        dropped=dict(dataset.dropped),
        digest=dataset.digest,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json())


def read_decoded(folder: Path, source: DataSource) -> Dataset:
    """Return the dataset in a folder that the supervisor has verified. Its arrays are mapped, read-only.

    Raises `InvalidData` when it is not whole.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
        images = _mapped(folder / IMAGES, manifest.dtype, manifest.shape)
        labels = _mapped(folder / LABELS, "<i8", manifest.shape[:1])
        equal = _mapped(folder / EQUAL, "<i8", manifest.shape[:1])
    except (OSError, ValueError) as error:
        raise _damaged(source, f": {error}") from error
    if labels.min() < 0 or labels.max() >= len(manifest.class_names):
        raise _damaged(source, ": its labels are no classes")
    return Dataset(
        source=source.name,
        images=images,
        labels=labels,
        class_names=manifest.class_names,
        own_validation_from=manifest.own_validation_from,
        own_test_from=manifest.own_test_from,
        provenance=source.provenance if manifest.provenance is None else manifest.provenance,
        licence=manifest.licence,
        synthetic=manifest.synthetic,
        dropped=manifest.dropped,
        format=manifest.format,
        equal=equal,
        digest=manifest.digest,
    )


def _damaged(source: DataSource, how: str) -> InvalidData:
    return InvalidData(f"{source.name} is damaged on the worker{how}.", remedy=_REMEDY, path=source.name)


def _mapped(path: Path, dtype: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return a plain array over the mapped file: a `memmap` would cost each of its slices a detour through Python."""
    return np.memmap(path, dtype, mode="r", shape=shape).view(np.ndarray)
