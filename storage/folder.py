"""A store in a local folder.

obstore's own local store renames into place but does not fsync, so after a power cut a listed artifact could be
empty. This one writes below `incoming/`, fsyncs, renames, and fsyncs the folder. Blobs are read-only files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from storage.blobs import (
    CHUNK_BYTES,
    BlobRef,
    StoredBlob,
    folder_of,
    is_digest,
    key_of,
    read_chunks,
    verified,
)
from storage.errors import BlobMissing
from storage.files import make_durable_folder, new_file, os_errors_translated, sync_folder, write_verified
from storage.ranges import check_start

_READ_ONLY: Final = 0o440


class FolderStore:
    """Implements `storage.Store` below `root`, which is made with the first blob."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._incoming = self.root / "incoming"

    def put_file(self, source: Path | BinaryIO) -> BlobRef:
        with os_errors_translated(f"cannot store a file in {self.root}"):
            if isinstance(source, Path):
                with source.open("rb") as file:
                    return self._take_in(file)
            return self._take_in(source)

    def open(self, digest: str) -> Iterator[bytes]:
        self.size(digest)
        return verified(self._read(digest, 0, None), digest)

    def fetch_to(self, digest: str, path: Path) -> None:
        self.size(digest)
        write_verified(self._read(digest, 0, None), digest, path)

    def read_range(self, digest: str, start: int, length: int) -> Iterator[bytes]:
        check_start(start, self.size(digest))
        return self._read(digest, start, length)

    def exists(self, digest: str) -> bool:
        return self._path(digest).exists()

    def size(self, digest: str) -> int:
        path = self._path(digest)
        try:
            with os_errors_translated(f"cannot read blob {digest} in {self.root}"):
                return path.stat().st_size
        except FileNotFoundError as error:
            raise self._missing(digest) from error

    def delete(self, digest: str) -> None:
        with os_errors_translated(f"cannot delete blob {digest} in {self.root}"):
            self._path(digest).unlink(missing_ok=True)

    def scan(self, prefix: str) -> Iterator[StoredBlob]:
        with os_errors_translated(f"cannot list {self.root}"), suppress(FileNotFoundError):
            for path in (self.root / folder_of(prefix)).iterdir():
                if is_digest(prefix + path.name):
                    yield from _described(path, prefix + path.name)

    def discard_abandoned(self, *, before: float) -> int:
        """Remove files that a killed process left half written and untouched since `before` (epoch seconds).

        Returns how many. Failing is harmless: they take up space and are never seen.
        """
        removed = 0
        with suppress(OSError):
            for path in self._incoming.iterdir():
                if path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _take_in(self, source: BinaryIO) -> BlobRef:
        make_durable_folder(self._incoming)
        digest = hashlib.sha256()
        with new_file(self._incoming, mode=_READ_ONLY) as (part, file):
            for chunk in read_chunks(source):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            blob = BlobRef(digest.hexdigest(), file.tell())
            self._publish(part, self._path(blob.digest))
        return blob

    def _publish(self, part: Path, path: Path) -> None:
        """Replaces a blob that is there already: the bytes are the same, unless the old ones had been damaged."""
        make_durable_folder(path.parent)
        part.replace(path)
        sync_folder(path.parent)

    def _read(self, digest: str, start: int, length: int | None) -> Iterator[bytes]:
        try:
            with os_errors_translated(f"cannot read blob {digest} in {self.root}"), self._path(digest).open("rb") as f:
                f.seek(start)
                left = length if length is not None else os.fstat(f.fileno()).st_size
                while left > 0 and (chunk := f.read(min(CHUNK_BYTES, left))):
                    left -= len(chunk)
                    yield chunk
        except FileNotFoundError as error:
            raise self._missing(digest) from error

    def _path(self, digest: str) -> Path:
        return self.root / key_of(digest)

    def _missing(self, digest: str) -> BlobMissing:
        return BlobMissing(f"blob {digest} is not in {self.root}", facts={"digest": digest})


def _described(path: Path, digest: str) -> Iterator[StoredBlob]:
    with suppress(FileNotFoundError):  # removed since it was listed
        found = path.stat()
        yield StoredBlob(digest, found.st_size, found.st_mtime)
