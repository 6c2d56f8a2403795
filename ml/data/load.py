"""From `data:` of a spec to a checked `Dataset`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ml.data import digits
from ml.data.builtin import load_known
from ml.data.cleaning import cleaned
from ml.data.dataset import Dataset
from ml.data.decoded import read_decoded
from ml.data.files import FORMATS, find_file
from ml.data.reading import read
from ml.job import DataFile
from trainshed.specs import Data

BUILTIN: Final[dict[str, Callable[[], Dataset]]] = {digits.SOURCE: digits.load}
_NONE: Final[Mapping[str, DataFile]] = MappingProxyType({})


def load_dataset(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile] = _NONE) -> Dataset:
    """Read and clean the examples that `data` names: a path only if it lies below one of `roots`.

    `files` are the uploaded datasets that the worker has fetched. Raises `InvalidData`.
    """
    source = find_file(data, roots=roots, files=files)
    if source is not None and source.is_decoded:
        return read_decoded(source.file, source)
    dataset = load_builtin(data.dataset or "") if source is None else read(source, data)
    return cleaned(dataset, data.clean)


def load_builtin(name: str) -> Dataset:
    """Return a dataset that comes with Trainshed. Raises `InvalidData`."""
    return load_known(
        name,
        BUILTIN,
        what="dataset",
        remedy=f"or upload one; or give data.path: {FORMATS}. Tables are for families that take one:"
        " tabular_classifier.",
    )
