"""Digests: how blobs are named, computed and verified."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from storage.errors import BlobCorrupt

CHUNK_BYTES: Final = 1 << 20
"""How much is held in memory at a time."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = re.compile(r"[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class BlobRef:
    """Names one blob: SHA-256 of its content, 64 lower-case hex digits, and its size in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob as a listing shows it."""

    digest: str
    size: int
    modified_at: float
    """When it was last stored, in seconds since 1970."""


def key_of(digest: str) -> str:
    """Return the key of a blob. Raises ValueError for anything but a digest: it never leads elsewhere."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is no SHA-256 digest (64 lower-case hex digits)")
    return f"blobs/sha256/{digest[:2]}/{digest[2:]}"


def folder_of(prefix: str) -> str:
    """Return where blobs lie whose digest begins with `prefix`. Raises ValueError for anything but two hex digits."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no beginning of digests (two lower-case hex digits)")
    return f"blobs/sha256/{prefix}"


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield what is left of `file`."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def describe(chunks: Iterable[bytes]) -> BlobRef:
    """Return digest and size of all `chunks`."""
    digest = hashlib.sha256()
    size = 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return BlobRef(digest.hexdigest(), size)


def is_digest(text: str) -> bool:
    """Whether this is how a blob may be named."""
    return _DIGEST.fullmatch(text) is not None


def verified(chunks: Iterable[bytes], expected: str) -> Iterator[bytes]:
    """Hand `chunks` on. Raises `BlobCorrupt` in place of the last one when their digest is not `expected`."""
    digest = hashlib.sha256()
    held: bytes | None = None
    for chunk in chunks:
        if held is not None:
            yield held
        digest.update(chunk)
        held = chunk
    if digest.hexdigest() != expected:
        raise BlobCorrupt(f"blob {expected} has the digest {digest.hexdigest()}", facts={"digest": expected})
    if held is not None:
        yield held
