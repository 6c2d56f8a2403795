"""A folder on the worker's disk as a tree. Links are refused: one could lead out of the folders that jobs may read."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path
from typing import IO, Final

from ml.data.tree import Gatherer, Tree
from ml.errors import InvalidData

_DEEPEST: Final = 8
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def folder_tree(folder: Path, source: str) -> Tree:
    """Return the files below a folder. Raises `InvalidData` for links, devices, and more than the limits allow."""
    found = Gatherer(source)
    waiting = [("", folder)]
    while waiting:
        prefix, here = waiting.pop()
        for entry in _listed(here, source):
            name = f"{prefix}{entry.name}"
            if found.checked_name(name) is None:
                continue
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode) and prefix.count("/") < _DEEPEST:
                waiting.append((f"{name}/", Path(entry.path)))
            elif stat.S_ISREG(status.st_mode):
                found.add(name, status.st_size, partial(_open, entry.path))
            else:
                raise found.refusal(name, _kind(status.st_mode), "Put the files themselves there.")
    return found.tree()


def _listed(folder: Path, source: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidData(
            f"{source} cannot be read: {error.strerror}.", remedy="Let the worker's user read it.", path=source
        ) from error


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "is a link, and links are not followed"
    return "lies too deep" if stat.S_ISDIR(mode) else "is no regular file"


def _open(path: str) -> IO[bytes]:
    return open(os.open(path, _READ), "rb")  # noqa: PTH123 - takes a descriptor
