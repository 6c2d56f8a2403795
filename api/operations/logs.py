"""Reads what an attempt printed, by offset: a reader goes on at any byte without gap or duplicate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations.log_bytes import Log, LogBytes, look_into
from api.operations.parts import Parts
from trainshed.errors import NotFound, RangeNotSatisfiable

_FIRST_STEP_BACK: Final = 1 << 14
_LONGEST_STEP_BACK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class FromOffset:
    """Begin with this byte."""

    offset: int


@dataclass(frozen=True, slots=True)
class FromLastLines:
    """Begin with the last lines, but with no more than the last bytes of them."""

    lines: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class FromTime:
    """Begin with what was stored at this time (seconds since 1970) or later."""

    at: float


@dataclass(frozen=True, slots=True)
class FromAgo:
    """Begin with what was stored in the last seconds, by the clock of the database."""

    seconds: float


Start: TypeAlias = FromOffset | FromLastLines | FromTime | FromAgo
BEGINNING: Final = FromOffset(0)


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Some bytes of the log of one attempt. Attempt 0: the job has not started."""

    attempt: int
    offset: int
    """Where the first byte lies."""
    content: bytes
    complete: bool
    """The attempt is closed, and nothing of what is stored follows."""

    @property
    def next_offset(self) -> int:
        return self.offset + len(self.content)


async def read_log(
    parts: Parts, who: Principal, job_id: str, *, attempt: int | None, start: Start, limit: int
) -> LogPiece:
    """Return up to `limit` bytes from `start`. Raises `NotFound`, or `RangeNotSatisfiable` beyond the end."""

    def look(log: Log, content: LogBytes) -> LogPiece:
        if attempt is not None and not log.begun:
            raise no_attempt(log)
        offset = locate(log, content, start)
        stop = min(offset + limit, log.size)
        closed = log.ended_at is not None if log.begun else log.state.is_terminal
        return LogPiece(log.attempt, offset, content.read(offset, stop), complete=closed and stop == log.size)

    return await look_into(parts, who, job_id, attempt, look, in_thread=run_in_threadpool)


def no_attempt(log: Log) -> NotFound:
    return NotFound(
        f"Job {log.job_id} has no attempt {log.attempt}.", facts={"job_id": log.job_id, "attempt": log.attempt}
    )


def locate(log: Log, content: LogBytes, start: Start) -> int:
    """Return the offset at which to begin. Raises `RangeNotSatisfiable` for one beyond the end."""
    match start:
        case FromOffset(offset):
            if offset > log.size:
                detail = f"Offset {offset} lies beyond the {log.size} bytes of this log."
                raise RangeNotSatisfiable(detail, facts={"size": log.size})
            return offset
        case FromLastLines(lines, most_bytes):
            return max(_start_of_last_lines(content, log.size, lines, most_bytes), log.size - most_bytes)
        case FromTime(at):
            return content.since(at)
        case FromAgo(seconds):
            return content.since(log.now - seconds)
        case _:
            assert_never(start)


def _start_of_last_lines(content: LogBytes, size: int, lines: int, most_bytes: int) -> int:
    """Go back step by step to the line break before the wanted lines; the last byte may be one that counts not."""
    if lines == 0:
        return size
    start, to_pass, step = size, lines, _FIRST_STEP_BACK
    while start > 0 and size - start < most_bytes:
        begin = max(0, start - step)
        data = content.read(begin, start)
        within = data[:-1] if start == size else data
        breaks = within.count(b"\n")
        if breaks >= to_pass:
            return begin + _after_break_from_end(within, to_pass)
        start, to_pass, step = begin, to_pass - breaks, min(2 * step, _LONGEST_STEP_BACK)
    return start


def _after_break_from_end(data: bytes, number: int) -> int:
    """Return the place after the line break that is the `number`-th one from the end."""
    place = len(data)
    for _ in range(number):
        place = data.rindex(b"\n", 0, place)
    return place + 1
