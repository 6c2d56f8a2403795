"""A zip archive as a tree. Nothing is unpacked: its files are read where they are."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast

from ml.data.files import DataSource
from ml.data.guarded import GuardedFile
from ml.data.limits import MAX_INFLATION
from ml.data.tree import Gatherer, Tree
from ml.errors import InvalidData

_ENCRYPTED: Final = 1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The dictionary of LZMA alone may take gigabytes."""
_KINDS: Final = (0, stat.S_IFREG, stat.S_IFDIR)
_REMEDY: Final = "Pack the folder again as a plain zip, or upload the folder itself with `trainshed dataset upload`."


@contextmanager
def opened_zip(source: DataSource) -> Iterator[zipfile.ZipFile]:
    """Open the archive. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    name = source.name
    try:
        with source.file.open("rb") as file:
            guarded = GuardedFile(file, end=source.file.stat().st_size)
            with zipfile.ZipFile(cast("Any", guarded)) as archive:
                yield archive
    except zipfile.BadZipFile as error:
        raise InvalidData(f"{name} is no complete zip archive: {error}.", remedy=_REMEDY, path=name) from error
    except (zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError, OSError) as error:
        # Damaged, encrypted or exotic: zipfile has no common class for these.
        raise InvalidData(f"{name} cannot be read: {error}.", remedy=_REMEDY, path=name) from error


def zip_tree(archive: zipfile.ZipFile, source: str) -> Tree:
    """Return the files of an archive. Raises `InvalidData` for what no dataset needs and for bombs."""
    found = Gatherer(source)
    for entry in archive.infolist():
        if found.checked_name(entry.filename) is None or entry.is_dir():
            continue
        problem = _problem(entry)
        if problem is not None:
            raise found.refusal(entry.filename, problem, _REMEDY)
        found.add(entry.filename, entry.file_size, partial(archive.open, entry))
    return found.tree()


def _problem(entry: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in _KINDS:
        return "is a link" if kind == stat.S_IFLNK else "is no regular file"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in _METHODS:
        return f"is compressed by the method {entry.compress_type}, which is neither `stored` nor `deflate`"
    if entry.file_size > entry.compress_size * MAX_INFLATION:
        return f"says that {entry.compress_size:,} bytes inflate to {entry.file_size:,}, which deflate cannot do"
    return None
