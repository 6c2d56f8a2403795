"""Carries what a job printed from its log file to the database, in chunks numbered by offset.

The file is the truth until the database has the bytes. A chunk whose commit was unclear is sent again: the database
takes it only when it is the next one.

Of a log without end the first bytes are kept, up to a limit, then a line that says so; the rest is cut off on the disk.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from db import reports
from db.engine import Database
from db.leases import Lease

_CHUNK: Final = 256 * 1024
_CHUNKS_A_TURN: Final = 4
MOST_BYTES: Final = 256 << 20
"""Of the log of an attempt. Nobody reads more, and all of it goes through the database."""


class LogCarrier:
    """Reads one attempt's log file from where the database's copy ends."""

    def __init__(self, lease: Lease, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._lease = lease
        self._path = path
        self._most_bytes = most_bytes
        self._file = path.open("rb")
        self._stored = 0

    def read(self) -> list[bytes]:
        """Return the next bytes to be stored, at most 1 MiB, in chunks."""
        size = self._cut_off()
        if size > self._most_bytes <= self._stored:
            return [self._marker] if self._stored == self._most_bytes else []
        self._file.seek(self._stored)
        data = self._file.read(min(_CHUNK * _CHUNKS_A_TURN, self._most_bytes - self._stored))
        return [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]

    def store(self, conn: Connection, chunks: list[bytes]) -> int:
        """Write chunks that `read` gave; returns the offset after them, for `stored` once it is committed."""
        offset = self._stored
        for chunk in chunks:
            if not reports.append_log(conn, self._lease, start=offset, data=chunk):
                # An earlier commit that seemed to fail had succeeded: go on from what is there.
                # A database that was restored from an older copy has less, perhaps nothing: then all of it again.
                there = reports.stored_log_bytes(conn, self._lease)
                return self._stored if there is None else there
            offset += len(chunk)
        return offset

    def stored(self, offset: int) -> None:
        """Note that the database has all bytes before `offset`."""
        self._stored = offset

    def finish(self, database: Database) -> None:
        """Store all that is left."""
        while chunks := self.read():
            with database.begin() as conn:
                offset = self.store(conn, chunks)
            if offset == self._stored:
                return  # the attempt's row is gone: its job was deleted
            self.stored(offset)

    def close(self) -> None:
        self._file.close()

    @property
    def _marker(self) -> bytes:
        return b"\n[the log ends here: more than %d bytes are not kept]\n" % self._most_bytes

    def _cut_off(self) -> int:
        """Free the disk from what will not be stored, but for a byte that tells there was more. Returns the size."""
        size = os.fstat(self._file.fileno()).st_size
        if size > self._most_bytes + _CHUNK:
            os.truncate(self._path, self._most_bytes + 1)
        return size


def hand_in(database: Database, lease: Lease, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
    """Store the rest of the log of an attempt whose worker died."""
    with database.read() as conn:
        stored = reports.stored_log_bytes(conn, lease)
    if stored is None:
        return
    carrier = LogCarrier(lease, path, most_bytes=most_bytes)
    carrier.stored(stored)
    try:
        carrier.finish(database)
    finally:
        carrier.close()
