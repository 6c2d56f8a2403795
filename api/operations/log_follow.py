"""Follows what a job prints, over all its attempts, until nothing can follow.

Of each attempt all stored bytes come, in order, before the first of the next one. Pieces end between two characters
wherever the bytes are UTF-8: the first bytes of a character wait for the others.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import structlog

from api.auth.principal import Principal
from api.operations.log_bytes import Log, LogBytes, LogGone, look_into
from api.operations.logs import LogPiece, Start, locate, no_attempt
from api.operations.parts import Parts
from api.operations.pulse import End, Pulse, Quiet
from api.operations.tail import Mark, Watch
from db.engine import DatabaseUnavailable
from storage import StoreError
from trainshed.errors import NotFound
from trainshed.states import AttemptOutcome

log = structlog.get_logger(__name__)

PIECE_BYTES: Final = 1 << 16
_LATE_S: Final = 3.0
"""How long after its end the attempt of a lost worker is waited for. The worker may live, and hand in what it has."""
_LONGEST_CHARACTER: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a follower stands: he has all attempts before this one, and of this one all before the offset."""

    attempt: int
    offset: int


@dataclass(frozen=True, slots=True)
class _Wait:
    """Nothing is there yet."""

    seen: Log
    at_most_s: float = float("inf")

    def is_over(self, mark: Mark) -> bool:
        grown = mark.attempt == self.seen.latest and mark.log_bytes > self.seen.latest_size
        return mark.event_seq > self.seen.event_seq or mark.attempt > self.seen.latest or grown


_Step: TypeAlias = LogPiece | Place | _Wait | End


async def find_place(parts: Parts, who: Principal, job_id: str, *, attempt: int | None, start: Start) -> Place:
    """Return where to begin to follow, by default in the latest attempt. One that has not begun may yet come.

    Raises `NotFound`, or `RangeNotSatisfiable` beyond the end.
    """

    def look(log: Log, content: LogBytes) -> Place:
        if attempt is not None and not log.begun and log.state.is_terminal:
            raise no_attempt(log)
        return Place(log.attempt or 1, locate(log, content, start))

    return await look_into(parts, who, job_id, attempt, look, in_thread=parts.tail.read)


async def follow_log(
    parts: Parts, who: Principal, job_id: str, place: Place, *, pulse: Pulse, piece_bytes: int = PIECE_BYTES
) -> AsyncGenerator[LogPiece | Quiet | End]:
    """Yield what lies behind `place` in pieces, and what comes, until `End` or the server stops."""
    with parts.tail.watch(job_id) as watch:
        while not watch.closed and await pulse.goes_on():
            try:
                step = await _look(parts, who, job_id, place, max(piece_bytes, _LONGEST_CHARACTER))
            except (DatabaseUnavailable, NotFound, StoreError) as error:
                log.warning("logs.broken_off", job_id=job_id, error=str(error))
                return
            match step:
                case LogPiece():
                    yield step
                    pulse.sent()
                    place = Place(step.attempt, step.next_offset)
                case Place():
                    place = step
                case _Wait():
                    until = time.monotonic() + step.at_most_s
                    while await _is_quiet(step, watch, pulse, until=until):
                        yield Quiet()
                case End():
                    yield step
                    return


async def _look(parts: Parts, who: Principal, job_id: str, place: Place, most_bytes: int) -> _Step:
    look = partial(_next_step, place, most_bytes)
    try:
        return await look_into(parts, who, job_id, place.attempt, look, in_thread=parts.tail.read)
    except LogGone as gone:
        return Place(place.attempt, max(gone.size, place.offset))


async def _is_quiet(step: _Wait, watch: Watch, pulse: Pulse, *, until: float) -> bool:
    """Wait. True: it is time to say that the stream stands. False: there may be something to look for."""
    while (left_s := until - time.monotonic()) > 0 and not watch.closed and await pulse.goes_on():
        if await watch.until(step.is_over, timeout_s=min(pulse.wait_s, left_s)):
            return False
        if pulse.beat():
            return True
    return False


def _next_step(place: Place, most_bytes: int, log: Log, content: LogBytes) -> _Step:
    stop = min(place.offset + most_bytes, log.size)
    data = content.read(place.offset, stop)
    late_s = _may_grow_for_s(log)
    whole = _whole_characters(data)
    if whole or (data and late_s == 0):
        return LogPiece(log.attempt, place.offset, whole or data, complete=False)
    if late_s > 0:
        return _Wait(log, late_s)
    if log.latest > place.attempt:
        return Place(place.attempt + 1, 0)
    return End(log.state) if log.state.is_terminal else _Wait(log)


def _may_grow_for_s(log: Log) -> float:
    """Return how long this log may still grow."""
    if not log.begun:
        return 0.0
    if log.ended_at is None:
        return float("inf")
    # All others hand in their last byte before they close the attempt.
    late_s = _LATE_S if log.outcome is AttemptOutcome.WORKER_LOST else 0.0
    return max(0.0, log.ended_at + late_s - log.now)


def _whole_characters(data: bytes) -> bytes:
    """Return the bytes without a character of UTF-8 that begins at their end and lacks its last bytes."""
    for length, byte in enumerate(reversed(data[-_LONGEST_CHARACTER + 1 :]), start=1):
        if byte & 0xC0 != 0x80:  # no byte that continues a character
            needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return data[:-length] if needed > length else data
    return data
