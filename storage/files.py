"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from storage.blobs import verified
from storage.errors import StoreFull, StoreUnavailable

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@contextmanager
def os_errors_translated(doing: str) -> Iterator[None]:
    """Turn errors of the operating system into `StoreFull` or `StoreUnavailable`; a missing file stays what it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        kind = StoreFull if error.errno in _FULL else StoreUnavailable
        raise kind(f"{doing}: {error.strerror or error}") from error


@contextmanager
def new_file(folder: Path, *, mode: int) -> Iterator[tuple[Path, BinaryIO]]:
    """Make a file with a name that nobody has; it is removed again unless it has been moved away."""
    path = folder / f".{secrets.token_hex(16)}.part"
    with os.fdopen(os.open(path, _NEW_FILE, mode), "wb") as file:
        try:
            yield path, file
        finally:
            path.unlink(missing_ok=True)


def write_verified(chunks: Iterable[bytes], digest: str, path: Path) -> None:
    """Write `chunks` to `path` by way of a temporary file beside it. Raises `BlobCorrupt`, `StoreFull`."""
    with os_errors_translated(f"cannot write {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path.parent, mode=0o644) as (part, file):
            for chunk in verified(chunks, digest):
                file.write(chunk)
            file.flush()
            part.replace(path)


def make_durable_folder(folder: Path) -> None:
    """Make `folder` and those above it such that a power cut does not take them away again."""
    if folder.is_dir():
        return
    make_durable_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in `folder` to the disk. A rename is durable only after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
