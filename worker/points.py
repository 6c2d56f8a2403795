"""Points of an attempt that wait for the database: a few in memory, the others, when they pile up, in a file.

While the database is away a training goes on and reports. What it reports must not fill the memory that trainings need,
nor the disk: the file has a limit.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from db.reports import Point

BATCH: Final = 5_000
"""Points in one transaction: few enough that heartbeats do not wait for it."""
_MOST_IN_MEMORY: Final = 4 * BATCH
_CHUNK: Final = 1 << 20
_MOST_BYTES: Final = 512 << 20
"""Millions of points; five minutes of a training that reports a thousand times a second are a few per cent of it."""


class PointsLost(Exception):
    """The disk does not take the points, or they are too many: some of what the job reported is lost."""


class PointQueue:
    """First in, first out. `path` is a file that need not exist, and that nobody else writes."""

    def __init__(self, path: Path, *, most_in_memory: int = _MOST_IN_MEMORY, most_bytes: int = _MOST_BYTES) -> None:
        self._path = path
        self._most_in_memory = most_in_memory
        self._most_bytes = most_bytes
        self._memory: deque[Point] = deque()
        self._file: BinaryIO | None = None
        self._read_to = self._end = 0
        self.added = 0
        """How many points were ever added."""
        self.dropped = 0
        """How many of them were taken off again."""

    def __len__(self) -> int:
        return self.added - self.dropped

    def add(self, points: Sequence[Point]) -> None:
        """Put points behind the others. Raises `PointsLost`, and then none of them is there."""
        if self._end or len(self._memory) + len(points) > self._most_in_memory:
            self._write(points)
        else:
            self._memory.extend(points)
        self.added += len(points)

    def first(self) -> list[Point]:
        """Return the next ones, a transaction's worth."""
        if not self._memory and self._end:
            self._read()
        return list(islice(self._memory, BATCH))

    def drop(self, count: int) -> None:
        """Take off the first `count` points that `first` returned."""
        for _ in range(count):
            self._memory.popleft()
        self.dropped += count

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, points: Sequence[Point]) -> None:
        lines = b"".join(json.dumps([point.series, point.step, point.value]).encode() + b"\n" for point in points)
        if self._end + len(lines) > self._most_bytes:
            raise PointsLost(f"the points that wait for the database are more than {self._most_bytes:,} bytes")
        try:
            file = self._opened()
            file.seek(self._end)
            _write_all(file, lines)
        except OSError as error:
            raise PointsLost(f"the disk of the worker does not take the points: {error}") from error
        self._end += len(lines)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            self._file = self._path.open("w+b", buffering=0)
        return self._file

    def _read(self) -> None:
        file = self._opened()
        file.seek(self._read_to)
        # Not beyond the end: a write that failed half-way may have left bytes there.
        data = file.read(min(_CHUNK, self._end - self._read_to))
        lines = data[: data.rindex(b"\n") + 1]
        self._memory.extend(Point(*json.loads(line)) for line in lines.splitlines())
        self._read_to += len(lines)
        if self._read_to == self._end:
            file.truncate(0)
            self._read_to = self._end = 0


def _write_all(file: BinaryIO, data: bytes) -> None:
    """An unbuffered file may take less than all, and says only the next time that the disk is full."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
