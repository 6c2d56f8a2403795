"""Takes the body of a request into a temporary file: of any length, never the whole in memory, and hashed as it comes.

Between two chunks it holds no thread; the file has no name, so that whatever happens it leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

import anyio
import anyio.to_thread

from api.operations.parts import Parts
from db import blobs
from storage import BlobRef
from storage.files import os_errors_translated
from trainshed.errors import DigestMismatch

_WRITE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Incoming:
    """Bytes that have arrived."""

    file: BinaryIO
    sha256: str
    size: int


@asynccontextmanager
async def received(
    chunks: AsyncIterator[bytes], limiter: anyio.CapacityLimiter, *, expected_sha256: str | None = None
) -> AsyncIterator[Incoming]:
    """Yield all that comes. Raises `StoreFull`, and `DigestMismatch` when it is not what was announced."""
    file = await anyio.to_thread.run_sync(_new_file, limiter=limiter)
    try:
        incoming = await _take(chunks, file, limiter)
        if expected_sha256 is not None and incoming.sha256 != expected_sha256:
            raise digest_mismatch(incoming.sha256, expected_sha256)
        yield incoming
    finally:
        with suppress(OSError):  # a full disk is complained of once, and the descriptor is gone in any case
            file.close()


def keep(parts: Parts, incoming: Incoming) -> BlobRef:
    """Store what has arrived until a row names it."""

    def put() -> BlobRef:
        incoming.file.seek(0)
        return parts.store.put_file(incoming.file)

    return blobs.store_for_keeps(parts.database, put, parts.store.exists)


def digest_mismatch(found: str, expected: str) -> DigestMismatch:
    return DigestMismatch(
        f"What arrived has the SHA-256 {found}, and {expected} was announced.",
        facts={"sha256": found, "announced": expected},
    )


async def _take(chunks: AsyncIterator[bytes], file: BinaryIO, limiter: anyio.CapacityLimiter) -> Incoming:
    digest = hashlib.sha256()
    size = 0
    held = bytearray()

    def write(data: bytes) -> None:
        digest.update(data)
        with os_errors_translated("cannot take in an upload"):
            file.write(data)
            file.flush()

    async for chunk in chunks:
        held += chunk
        size += len(chunk)
        if len(held) >= _WRITE_BYTES:
            await anyio.to_thread.run_sync(write, bytes(held), limiter=limiter)
            held.clear()
    await anyio.to_thread.run_sync(write, bytes(held), limiter=limiter)
    return Incoming(file, digest.hexdigest(), size)


def _new_file() -> BinaryIO:
    with os_errors_translated("cannot take in an upload"):
        return tempfile.TemporaryFile(prefix="trainshed-upload-")
