"""A folder as one file: a zip with the same bytes whenever and wherever it is made, so that equal data are stored once.

Nothing is compressed: pictures are already, and a worker reads the files where they are.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from trainshed.errors import InvalidRequest

_CHUNK: Final = 1 << 20
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3


@contextmanager
def packed(folder: Path) -> Iterator[Path]:
    """Yield a zip of a folder, called like it; it is there until the end of the block. Raises `InvalidRequest`."""
    name = folder.resolve().name or "data"
    with tempfile.TemporaryDirectory(prefix="trainshed-") as scratch:
        target = Path(scratch) / f"{name}.zip"
        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
                for file in _files(folder):
                    _add(archive, file, f"{name}/{file.relative_to(folder).as_posix()}")
        except OSError as error:
            raise InvalidRequest(
                f"{error.filename or folder} cannot be packed: {error.strerror or error}.",
                remedy="Let yourself read all files in it, and leave room for a copy in TMPDIR.",
            ) from error
        yield target


def _files(folder: Path) -> list[Path]:
    """Return the plain files below a folder, but those that operating systems leave there. Raises `InvalidRequest`."""
    found = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") or part == "__MACOSX" for part in path.relative_to(folder).parts):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise InvalidRequest(f"{path} is a link or no regular file.", remedy="Put the file itself there.")
        if path.is_file():
            found.append(path)
    if not found:
        raise InvalidRequest(f"{folder} holds no files.", remedy="Name a folder with data.")
    return found


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.create_system, entry.external_attr = _UNIX, _MODE
    with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            target.write(chunk)
