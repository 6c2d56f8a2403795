"""What every store promises. `tests/storage/test_contract.py` holds each of them to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from storage.blobs import BlobRef, StoredBlob


class Store(Protocol):
    """Blobs by digest. Safe to use from many threads and processes at once.

    Every method raises `ValueError` for what is no digest, and `StoreUnavailable` when the store does not answer.
    """

    def put_file(self, source: Path | BinaryIO) -> BlobRef:
        """Store a file, or what is left of an open one, without holding it in memory.

        When it returns, the blob is complete and durable; before, nobody sees it. Storing the same bytes again leaves
        one complete blob, also where the first had been lost or cut short. Raises `StoreFull`, and `FileNotFoundError`
        when `source` is not there.
        """

    def open(self, digest: str) -> Iterator[bytes]:
        """Return the bytes in chunks. Raises `BlobMissing` at once, and `BlobCorrupt` in place of the last chunk."""

    def fetch_to(self, digest: str, path: Path) -> None:
        """Write the blob to `path` and make its folders. `path` appears complete and verified, or not at all.

        Raises `BlobMissing`, `BlobCorrupt`, or `StoreFull` when the disk of `path` is full.
        """

    def read_range(self, digest: str, start: int, length: int) -> Iterator[bytes]:
        """Return at most `length` bytes from `start` in chunks; the end of the blob cuts them short.

        A part cannot be verified. Raises `BlobMissing` and `trainshed.errors.RangeNotSatisfiable` at once.
        """

    def exists(self, digest: str) -> bool:
        """Whether the blob is there."""

    def size(self, digest: str) -> int:
        """Return its size in bytes. Raises `BlobMissing`."""

    def delete(self, digest: str) -> None:
        """Remove it. It is no error that it is not there."""

    def scan(self, prefix: str) -> Iterator[StoredBlob]:
        """Yield all blobs whose digest begins with `prefix`, two hex digits, in any order.

        What is stored or removed meanwhile may be there or not. Raises `ValueError` for any other prefix.
        """
