"""A store in a bucket (S3, GCS, Azure) by way of obstore.

A digest is known only after all bytes were read, so a file is read twice: once for its digest, once to send it. The
second reading is verified while it is sent, and a file that changed in between aborts the upload.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from storage.blobs import (
    CHUNK_BYTES,
    BlobRef,
    StoredBlob,
    describe,
    folder_of,
    is_digest,
    key_of,
    read_chunks,
    verified,
)
from storage.errors import BlobCorrupt, BlobMissing, StoreError, StoreUnavailable
from storage.files import os_errors_translated, write_verified
from storage.ranges import check_start

_ONE_PUT_BYTES: Final = 5 << 20
"""Up to here one request carries the whole blob; the smallest part of a multipart upload is as large."""


class BucketStore:
    """Implements `storage.Store` with the objects of a bucket, or of obstore's memory."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def put_file(self, source: Path | BinaryIO) -> BlobRef:
        with os_errors_translated("cannot read the file to store"), _rereadable(source) as file:
            start = file.tell()
            blob = describe(read_chunks(file))
            if not self._has(blob):
                file.seek(start)
                self._send(blob, _unchanged(file, blob))
        return blob

    def open(self, digest: str) -> Iterator[bytes]:
        self.size(digest)
        return verified(self._read(digest), digest)

    def fetch_to(self, digest: str, path: Path) -> None:
        self.size(digest)
        write_verified(self._read(digest), digest, path)

    def read_range(self, digest: str, start: int, length: int) -> Iterator[bytes]:
        size = self.size(digest)
        check_start(start, size)
        return self._read_range(digest, start, min(start + length, size))

    def exists(self, digest: str) -> bool:
        try:
            self.size(digest)
        except BlobMissing:
            return False
        return True

    def size(self, digest: str) -> int:
        with _obstore_errors_translated(digest):
            return obstore.head(self._objects, key_of(digest))["size"]

    def delete(self, digest: str) -> None:
        try:
            with _obstore_errors_translated(digest):
                obstore.delete(self._objects, key_of(digest))
        except BlobMissing:
            return

    def scan(self, prefix: str) -> Iterator[StoredBlob]:
        with _obstore_errors_translated(f"{prefix}..."):
            for page in obstore.list(self._objects, prefix=folder_of(prefix)):
                for entry in page:
                    digest = prefix + entry["path"].rpartition("/")[2]
                    if is_digest(digest):
                        yield StoredBlob(digest, entry["size"], entry["last_modified"].timestamp())

    def _has(self, blob: BlobRef) -> bool:
        try:
            return self.size(blob.digest) == blob.size
        except BlobMissing:
            return False

    def _send(self, blob: BlobRef, chunks: Iterator[bytes]) -> None:
        """An object appears when its upload is complete. Two uploads of one digest carry the same bytes."""
        content = b"".join(chunks) if blob.size <= _ONE_PUT_BYTES else chunks
        with _obstore_errors_translated(blob.digest):
            obstore.put(self._objects, key_of(blob.digest), content)

    def _read(self, digest: str) -> Iterator[bytes]:
        with _obstore_errors_translated(digest):
            for chunk in obstore.get(self._objects, key_of(digest)).stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    def _read_range(self, digest: str, start: int, end: int) -> Iterator[bytes]:
        if start >= end:
            return
        options: obstore.GetOptions = {"range": (start, end)}
        with _obstore_errors_translated(digest):
            for chunk in obstore.get(self._objects, key_of(digest), options=options).stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)


def _unchanged(file: BinaryIO, blob: BlobRef) -> Iterator[bytes]:
    try:
        yield from verified(read_chunks(file), blob.digest)
    except BlobCorrupt as error:
        raise StoreError("the file changed while it was being stored") from error


@contextmanager
def _rereadable(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    elif source.seekable():
        yield source
    else:
        with tempfile.TemporaryFile() as copy:
            copy.writelines(read_chunks(source))
            copy.seek(0)
            yield copy


@contextmanager
def _obstore_errors_translated(digest: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissing(f"blob {digest} is not in the bucket", facts={"digest": digest}) from error
    except BaseError as error:
        # Further lines are a dump of obstore's internals.
        first_line = str(error).partition("\n")[0]
        raise StoreUnavailable(f"the bucket did not take or give blob {digest}: {first_line}") from error
