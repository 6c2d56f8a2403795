"""A tar archive, plain or gzipped, as a tree.

A tar has no table of contents, so its files are unpacked once into a scratch folder: regular files alone, by numbers
and not by their names. Links, devices, sparse files and names that lead out end the job before anything is written.
"""

from __future__ import annotations

import gzip
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast

from ml.data.files import DataSource
from ml.data.guarded import GuardedFile
from ml.data.limits import MAX_BYTES, MAX_FILES, MAX_INFLATION, MAX_READ
from ml.data.tree import Gatherer, Tree
from ml.errors import InvalidData

_CHUNK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_REMEDY: Final = "Pack the folder again with `tar`, without links, or upload the folder itself."


@contextmanager
def tar_tree(source: DataSource) -> Iterator[Tree]:
    """Yield the files of an archive; they are there until the end of the block. Raises `InvalidData`."""
    with tempfile.TemporaryDirectory(prefix="untar-") as scratch:
        yield _unpacked(source, Path(scratch))


def _unpacked(source: DataSource, scratch: Path) -> Tree:
    name = source.name
    found = Gatherer(name)
    try:
        with source.file.open("rb") as file:
            plain = _plain(file, source)
            with tarfile.open(fileobj=cast("Any", plain), mode="r:") as archive:
                for number, member in enumerate(archive):
                    if number > 2 * MAX_FILES:
                        raise tarfile.ReadError(f"it has more than {2 * MAX_FILES:,} entries")
                    _take(archive, member, found, scratch / str(number))
            if not plain.last or any(plain.last):  # tarfile takes a damaged header for the end
                raise tarfile.ReadError("it has no end: what follows its last file is damaged")
            _read_to_end(plain)
    except (tarfile.TarError, zlib.error, EOFError, ValueError, OSError) as error:
        raise InvalidData(f"{name} is no complete tar archive: {error}.", remedy=_REMEDY, path=name) from error
    return found.tree()


def _plain(file: IO[bytes], source: DataSource) -> GuardedFile:
    """Return the archive as tarfile may read it: inflated, and bounded."""
    size = source.file.stat().st_size
    is_gzip = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if not is_gzip:
        return GuardedFile(file, end=size)
    return GuardedFile(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), end=min(2 * MAX_BYTES, size * MAX_INFLATION))


def _read_to_end(plain: GuardedFile) -> None:
    """Read the padding: only at the end of a gzipped file is it known whether all before it was sound."""
    padding = 0
    while chunk := plain.read(_CHUNK):
        padding += len(chunk)
        if padding > MAX_READ:
            raise tarfile.ReadError(f"it goes on for more than {MAX_READ:,} bytes after its end")


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, found: Gatherer, target: Path) -> None:
    if member.isdir():
        found.checked_name(member.name)
        return
    if not member.isreg() or member.issparse():
        kind = "a link" if member.islnk() or member.issym() else "no regular file"
        raise found.refusal(member.name, f"is {kind}", _REMEDY)
    if found.checked_name(member.name) is None:
        return
    found.add(member.name, member.size, lambda: target.open("rb"))
    stored = archive.extractfile(member)
    assert stored is not None  # a regular file
    left = member.size
    with stored, target.open("xb") as written:
        while left:
            chunk = stored.read(min(left, _CHUNK))
            if not chunk:
                raise tarfile.ReadError(f"it ends within {member.name}")
            written.write(chunk)
            left -= len(chunk)
