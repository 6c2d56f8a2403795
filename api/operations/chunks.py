"""Bytes on their way from the store to a client, a piece at a time: in between no thread is held."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterator

import anyio
import anyio.to_thread

from api.operations.parts import Parts


async def open_chunks(parts: Parts, opened: Callable[[], Iterator[bytes]]) -> AsyncGenerator[bytes]:
    """Return what `opened` gives, none of it empty. The first chunk is there already, so that what fails at once fails
    before the answer. Raises `storage.StoreError`, and so does the iterator."""
    limiter = parts.store_threads
    chunks = await anyio.to_thread.run_sync(opened, limiter=limiter)
    first = await anyio.to_thread.run_sync(next, chunks, b"", limiter=limiter)
    return _go_on(first, chunks, limiter)


async def open_blob(parts: Parts, sha256: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes]:
    """Return the bytes of a blob. The whole is verified: `storage.BlobCorrupt` comes in place of its last chunk.

    A part, of `length` bytes from `start`, cannot be.
    """
    store = parts.store
    if length is None:
        return await open_chunks(parts, lambda: store.open(sha256))
    return await open_chunks(parts, lambda: store.read_range(sha256, start, length))


async def _go_on(first: bytes, chunks: Iterator[bytes], limiter: anyio.CapacityLimiter) -> AsyncGenerator[bytes]:
    chunk = first
    try:
        while chunk:
            yield chunk
            chunk = await anyio.to_thread.run_sync(next, chunks, b"", limiter=limiter)
    finally:
        if isinstance(chunks, Generator):
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(chunks.close, limiter=limiter)
