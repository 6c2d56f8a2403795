"""Files on their way to the server."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trainshed.errors import DigestMismatch, InvalidRequest

_CHUNK: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file as it was when it was looked at."""

    path: Path
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The name without its folder. What is no text in it is replaced."""
        return os.fsencode(self.path.name).decode(errors="replace")

    @property
    def content_digest(self) -> str:
        """The header that announces the bytes."""
        return _content_digest(bytes.fromhex(self.sha256))

    def whole(self) -> FileBody:
        """Return the file as a body."""
        return FileBody(self.path, 0, self.size)


@dataclass(frozen=True, slots=True)
class FileBody:
    """A stretch of a file as the body of a request. It is read anew for each try and never held in memory."""

    path: Path
    offset: int
    size: int

    @property
    def content_digest(self) -> str:
        """The header that announces these bytes."""
        digest = hashlib.sha256()
        for chunk in self:
            digest.update(chunk)
        return _content_digest(digest.digest())

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while left:
                chunk = file.read(min(_CHUNK, left))
                if not chunk:
                    raise DigestMismatch(f"{self.path} has become shorter while it was sent.", remedy="Send it again.")
                left -= len(chunk)
                yield chunk


def look_at(file: Path | str) -> LocalFile:
    """Return size and SHA-256 of a file. Raises `InvalidRequest` when it cannot be read."""
    path = Path(file)
    try:
        with path.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            return LocalFile(path, opened.tell(), sha256)
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror or error}.", remedy="Name a file.") from error


def _content_digest(sha256: bytes) -> str:
    """Write a digest as RFC 9530 does."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"
