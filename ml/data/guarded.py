"""A file that libraries may not read at will.

`zipfile` and `tarfile` read an archive's own headers in one piece, however large the archive says they are: a gigabyte
of them costs a hostile file nothing. Through this, such a read becomes an error before it allocates.
"""

from __future__ import annotations

from typing import IO

from ml.data.limits import MAX_READ


class ReadTooLargeError(OSError):
    """A library was made to ask for more than an honest file needs."""


class GuardedFile:
    """Reads and seeks within `stream`: at most `MAX_READ` bytes a read, and never beyond `end`."""

    def __init__(self, stream: IO[bytes], *, end: int) -> None:
        self.last = b""
        """What was read last."""
        self._stream = stream
        self._end = end

    def read(self, count: int = -1) -> bytes:
        """Read up to `count` bytes. Raises `ReadTooLargeError`."""
        wanted = count if count >= 0 else max(self._end - self._stream.tell(), 0)
        if wanted > MAX_READ:
            raise ReadTooLargeError(f"its headers ask for {wanted:,} bytes at once")
        if self._stream.tell() + wanted > self._end + MAX_READ:
            raise ReadTooLargeError(f"it is longer than {self._end:,} bytes")
        self.last = self._stream.read(count)
        return self.last

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move. Raises `ReadTooLargeError` for a place beyond the end."""
        if whence == 0 and offset > self._end + MAX_READ:
            raise ReadTooLargeError(f"it is longer than {self._end:,} bytes")
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """Say that it can be moved in."""
        return True

    def close(self) -> None:
        """Leave the stream to whoever opened it."""
