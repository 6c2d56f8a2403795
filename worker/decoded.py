"""Takes over a decoded dataset from the folder of the child that made it.

The child has read a stranger's file and is not trusted. Nothing of it is left when this runs, so what is looked at here
is what jobs will read: four plain files of exactly the sizes that the manifest gives, and its digest made again.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from ml.decoded_manifest import EQUAL, IMAGES, LABELS, MANIFEST, MAX_MANIFEST, MAX_TOTAL, Manifest, digest_head

_CHUNK: Final = 1 << 20
_NAMES: Final = frozenset({MANIFEST, IMAGES, LABELS, EQUAL})
_READ_ONLY: Final = 0o440
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO must not wait for somebody to write into it.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class BadDecoding(Exception):
    """What the child left is no decoded dataset."""


def take_over(output: Path, target: Path) -> int:
    """Move a verified folder to `target`, read-only, and return its size in bytes. Raises `BadDecoding`."""
    try:
        size = _verified(output)
        output.rename(target)
    except OSError as error:
        raise BadDecoding(f"it cannot be taken over: {error}") from error
    return size


def _verified(output: Path) -> int:
    folder = os.open(output, _FOLDER)
    try:
        if set(os.listdir(folder)) != _NAMES:  # noqa: PTH208 - takes a descriptor
            raise BadDecoding("its files have other names")
        manifest = _manifest(folder)
        sizes = manifest.sizes()
        if sum(sizes.values()) > MAX_TOTAL:
            raise BadDecoding(f"it has more than {MAX_TOTAL:,} bytes")
        for name, size in sizes.items():
            _check_size(folder, name, size)
        if _digest(folder, manifest) != manifest.digest:
            raise BadDecoding("its digest is another one")
        return sum(sizes.values())
    finally:
        os.close(folder)


def _manifest(folder: int) -> Manifest:
    with _opened(folder, MANIFEST) as file:
        content = file.read(MAX_MANIFEST + 1)
    if len(content) > MAX_MANIFEST:
        raise BadDecoding("its manifest is too long")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise BadDecoding(f"its manifest is none: {error.error_count()} errors") from error


def _check_size(folder: int, name: str, size: int) -> None:
    with _opened(folder, name) as file:
        found = os.fstat(file.fileno()).st_size
    if found != size:
        raise BadDecoding(f"{name} has {found:,} bytes, and its manifest says {size:,}")


def _digest(folder: int, manifest: Manifest) -> str:
    digest = hashlib.sha256(digest_head(manifest.own_validation_from, manifest.own_test_from))
    for name, head in manifest.array_heads().items():
        digest.update(head)
        with _opened(folder, name) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(folder: int, name: str) -> Iterator[IO[bytes]]:
    """Open one plain file with one name, and make it read-only."""
    with open(os.open(name, _FILE, dir_fd=folder), "rb") as file:  # noqa: PTH123 - takes a descriptor
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise BadDecoding(f"{name} is no plain file")
        os.fchmod(file.fileno(), _READ_ONLY)
        yield file
