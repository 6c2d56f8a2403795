"""From `data:` of a spec to the file that holds the examples, and to its format.

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

FORMATS: Final = (".npz", ".csv")
"""Endings of the files that can be read."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """A file with examples. `name` is what the spec calls it, for messages and cards; `format` is one of `FORMATS`."""

    name: str
    file: Path
    format: str
    provenance: str


def find_file(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> DataSource | None:
    """Return the file that `data` names; None for a dataset that comes with Trainshed. Raises `InvalidData`."""
    if data.path is not None:
        file = _allowed_file(data.path, roots)
        return DataSource(data.path, file, _format_of(Path(data.path).name, data.path), f"file {data.path}")
    uploaded = files.get(data.dataset or "")
    if uploaded is None:
        return None
    name = data.dataset or ""
    provenance = f"dataset {name}, uploaded as {uploaded.filename}"
    return DataSource(name, uploaded.path, _format_of(uploaded.filename, name), provenance)


def _format_of(filename: str, source: str) -> str:
    ending = Path(filename).suffix.lower()
    if ending not in FORMATS:
        raise InvalidData(
            f"{source} ({filename}) has a format that is not known: {ending or 'the name has no ending'}.",
            remedy=f"Supported are {', '.join(FORMATS)}, told apart by the ending of the file's name.",
            path=source,
        )
    return ending


def _allowed_file(path: str, roots: tuple[Path, ...]) -> Path:
    resolved = Path(path).resolve()  # before the check, or a link would lead out of the roots
    if not any(resolved.is_relative_to(root.resolve()) for root in roots):
        listed = ", ".join(str(root) for root in roots) or "empty on this worker"
        raise InvalidData(
            f"{path} is not below a folder that jobs may read.",
            remedy=f"Put the file below one of TRAINSHED_DATA_ROOTS ({listed}), or add its folder there.",
            path=path,
            field="data.path",
        )
    if not resolved.is_file():
        what = "is a folder" if resolved.is_dir() else "is no regular file" if resolved.exists() else "does not exist"
        raise InvalidData(
            f"{path} {what}.",
            remedy=f"Give the path of a file on the worker: {', '.join(FORMATS)}.",
            path=path,
            field="data.path",
        )
    return resolved
