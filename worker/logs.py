"""Carries what a job printed from its log file to the database, in chunks numbered by offset.

The file is the truth until the database has the bytes. A chunk whose commit was unclear is sent again: the database
takes it only when it is the next one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from db import reports
from db.engine import Database
from db.leases import Lease

_CHUNK: Final = 256 * 1024
_CHUNKS_A_TURN: Final = 4


class LogCarrier:
    """Reads one attempt's log file from where the database's copy ends."""

    def __init__(self, lease: Lease, path: Path) -> None:
        self._lease = lease
        self._file = path.open("rb")
        self._stored = 0

    def read(self) -> list[bytes]:
        """Return the next bytes to be stored, at most 1 MiB, in chunks."""
        self._file.seek(self._stored)
        data = self._file.read(_CHUNK * _CHUNKS_A_TURN)
        return [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]

    def store(self, conn: Connection, chunks: list[bytes]) -> int:
        """Write chunks that `read` gave; returns the offset after them, for `stored` once it is committed."""
        offset = self._stored
        for chunk in chunks:
            if not reports.append_log(conn, self._lease, start=offset, data=chunk):
                # An earlier commit that seemed to fail had succeeded: go on from what is there.
                return reports.stored_log_bytes(conn, self._lease) or self._stored
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


def hand_in(database: Database, lease: Lease, path: Path) -> None:
    """Store the rest of the log of an attempt whose worker died."""
    with database.read() as conn:
        stored = reports.stored_log_bytes(conn, lease)
    if stored is None:
        return
    carrier = LogCarrier(lease, path)
    carrier.stored(stored)
    try:
        carrier.finish(database)
    finally:
        carrier.close()
