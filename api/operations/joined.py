"""Blobs one after the other, as one file to read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from api.operations.incoming import digest_mismatch
from storage import Store

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@contextmanager
def joined(store: Store, digests: Sequence[str], *, expected_sha256: str) -> Iterator[BinaryIO]:
    """Yield the file. In the place of its end it raises `DigestMismatch` when it is not what was announced.

    So whoever stores it learns that before he has read to the end, and stores nothing.
    """
    with io.BufferedReader(_Joined(store, digests, expected_sha256)) as file:
        yield file


class _Joined(io.RawIOBase):
    def __init__(self, store: Store, digests: Sequence[str], expected_sha256: str) -> None:
        super().__init__()
        self._chunks = (chunk for digest in digests for chunk in store.open(digest))
        self._left = memoryview(b"")
        self._digest = hashlib.sha256()
        self._expected = expected_sha256

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._left:
            self._left = memoryview(self._next())
        room = memoryview(buffer)
        count = min(len(room), len(self._left))
        room[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def _next(self) -> bytes:
        chunk = next(self._chunks, b"")
        self._digest.update(chunk)
        if not chunk and self._digest.hexdigest() != self._expected:
            raise digest_mismatch(self._digest.hexdigest(), self._expected)
        return chunk
