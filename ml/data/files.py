"""From `data:` of a spec to the file or folder that holds the examples.

A path is resolved before it is looked at, so that neither `..` nor a link leads out of the folders that jobs may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml.errors import InvalidData
from ml.job import DataFile
from trainshed.specs import Data

FORMATS: Final = (
    ".npz, .csv, .tsv, .jsonl, .parquet, the four idx files of MNIST, CIFAR-10 (binary or python), or a folder of "
    "pictures for each class; several files as a folder, .zip, .tar or .tar.gz"
)
"""What can be read, in words."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """A file or a folder with examples. `name` is what the spec calls it, for messages and cards."""

    name: str
    file: Path
    filename: str
    """As it was uploaded. The content tells the format; where that has no mark of its own, the ending may."""
    provenance: str
    is_decoded: bool = False
    """Whether it is a folder of `ml.data.decoded`."""
    names: tuple[str, ...] = ()
    """Of its columns, where the spec gives them."""

    @property
    def size(self) -> int:
        """Bytes of the file, or of all files below the folder."""
        files = self.file.rglob("*") if self.file.is_dir() else [self.file]
        return sum(each.lstat().st_size for each in files if each.is_file())


def find_file(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> DataSource | None:
    """Return what `data` names; None for a dataset that comes with Trainshed. Raises `InvalidData`."""
    names = data.columns.names if data.columns else ()
    if data.path is not None:
        return DataSource(data.path, _allowed(data.path, roots), Path(data.path).name, f"file {data.path}", names=names)
    uploaded = files.get(data.dataset or "")
    if uploaded is None:
        return None
    name = data.dataset or ""
    provenance = f"dataset {name}, uploaded as {uploaded.filename}"
    return DataSource(name, uploaded.path, uploaded.filename, provenance, uploaded.is_decoded, names)


def _allowed(path: str, roots: tuple[Path, ...]) -> Path:
    resolved = Path(path).resolve()  # before the check, or a link would lead out of the roots
    if not any(resolved.is_relative_to(root.resolve()) for root in roots):
        listed = ", ".join(str(root) for root in roots) or "empty on this worker"
        raise InvalidData(
            f"{path} is not below a folder that jobs may read.",
            remedy=f"Put the file below one of TRAINSHED_DATA_ROOTS ({listed}), or add its folder there.",
            path=path,
            field="data.path",
        )
    if not resolved.is_file() and not resolved.is_dir():
        raise InvalidData(
            f"{path} {'is no regular file' if resolved.exists() else 'does not exist'}.",
            remedy=f"Give the path of data on the worker: {FORMATS}.",
            path=path,
            field="data.path",
        )
    return resolved
