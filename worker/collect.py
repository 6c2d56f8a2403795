"""Takes in what a job left in its output folder.

The folder belongs to the job, and a job may be hostile: names are opened one by one below a descriptor, links are never
followed, and only plain files with one name count. What is stored is exactly what was hashed.
"""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from db.reports import MadeFile
from storage import Store

_MOST_FILES: Final = 10_000
_LONGEST_PATH: Final = 1024
_DEEPEST: Final = 32
_READ_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO must not wait for somebody to write into it.
_READ_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Collected:
    """The files taken in, and what was left out and why."""

    files: tuple[MadeFile, ...]
    left_out: tuple[str, ...]


def collect(folder: Path, store: Store) -> Collected:
    """Store every plain file below `folder`. Raises `storage.StoreError` when the store does not take it."""
    files: list[MadeFile] = []
    left_out: list[str] = []
    root = os.open(folder, _READ_FOLDER)
    try:
        for path, descriptor, problem in _walk(root, "", 0):
            if problem or len(files) >= _MOST_FILES:
                left_out.append(f"{path}: {problem or f'more than {_MOST_FILES} files'}")
            else:
                files.append(_store(path, descriptor, store))
    finally:
        os.close(root)
    return Collected(tuple(files), tuple(left_out))


def _store(path: str, descriptor: int, store: Store) -> MadeFile:
    with open(descriptor, "rb", closefd=False) as file:
        blob = store.put_file(file)
    media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return MadeFile(path, blob.digest, blob.size, media_type)


@contextmanager
def opened_plain(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Yield a plain file of the job's own that lies right below `folder`. Raises `OSError` for anything else."""
    root = os.open(folder, _READ_FOLDER)
    try:
        descriptor, problem = _open(name, root)
    finally:
        os.close(root)
    try:
        if problem is not None or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(f"{name} {problem or 'is a folder'}")
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _walk(folder: int, prefix: str, depth: int) -> Iterator[tuple[str, int, str | None]]:
    """Yield (path, descriptor of the open file, why it is left out); the descriptor is closed afterwards."""
    for name in sorted(os.listdir(folder)):
        path = f"{prefix}{name}"
        problem = _bad_name(path, depth)
        if problem is not None:
            yield path, -1, problem
            continue
        descriptor, problem = _open(name, folder)
        try:
            if problem is None and stat.S_ISDIR(os.fstat(descriptor).st_mode):
                yield from _walk(descriptor, f"{path}/", depth + 1)
            else:
                yield path, descriptor, problem
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _open(name: str, folder: int) -> tuple[int, str | None]:
    try:
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        descriptor = os.open(name, _READ_FOLDER if is_folder else _READ_FILE, dir_fd=folder)
    except OSError as error:
        return -1, f"cannot be opened ({error.strerror}); links are not followed"
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        return descriptor, None
    if not stat.S_ISREG(found.st_mode):
        return descriptor, "is no plain file"
    if found.st_nlink != 1:
        return descriptor, "has a second name (hard link)"
    return descriptor, None


def _bad_name(path: str, depth: int) -> str | None:
    if len(path.encode(errors="surrogateescape")) > _LONGEST_PATH:
        return f"the path is longer than {_LONGEST_PATH} bytes"
    if depth > _DEEPEST:
        return f"lies deeper than {_DEEPEST} folders"
    if not path.isprintable() or "\\" in path:
        return "the name has characters that are not allowed"
    return None
