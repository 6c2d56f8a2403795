"""Reads logs by offset: no byte twice and none left out, over dropped connections and over attempts (promise P12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import httpx2

from trainshed.client.problems import unexpected
from trainshed.client.transport import Call, Transport
from trainshed.errors import NotFound
from trainshed.wire import Job

_POLL_S: Final = 0.5
_LATE_BYTES_S: Final = 15.0
"""How long after its end a job's last bytes are waited for. A worker whose disk is gone never hands them in."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the log of one attempt."""

    content: bytes
    attempt: int
    next_offset: int
    complete: bool
    """The attempt has ended and nothing follows."""


class LogReader:
    """Reads the log of one job. `path` is the address of the job, `job` asks for its present state."""

    def __init__(self, transport: Transport, path: str, job: Callable[[], Job]) -> None:
        self._transport = transport
        self._path = f"{path}/logs"
        self._job = job

    def read(self, attempt: int | None, tail: int | None) -> Iterator[bytes]:
        """Yield what there is of one attempt, by default the latest. A job that has not started has nothing."""
        number = attempt or self._job().attempt
        if number:
            yield from self._drain(number, tail)

    def follow(self, attempt: int | None, tail: int | None) -> Iterator[bytes]:
        """Yield bytes as they come, of one attempt or of the latest and all after it, until nothing can follow."""
        job = self._until_started(attempt or 1)
        number = attempt or job.attempt
        if number > job.attempt:
            raise NotFound(f"Job {job.id} has no attempt {number}; it ended {job.state} with {job.attempt}.")
        while number and number <= job.attempt:
            yield from self._follow_one(number, tail)
            if attempt:
                return
            number, tail = number + 1, None
            job = self._until_started(number)

    def _until_started(self, number: int) -> Job:
        """Wait until the job has an attempt of that number, or can have none any more."""
        while True:
            job = self._job()
            if job.attempt >= number or job.state.is_terminal:
                return job
            self._transport.patience.sleep(_POLL_S)

    def _follow_one(self, number: int, tail: int | None) -> Iterator[bytes]:
        offset, idle_s = 0, 0.0
        while True:
            chunk = self._fetch(number, offset, tail)
            if chunk.content:
                yield chunk.content
            if chunk.complete:
                return
            idle_s = 0.0 if chunk.content else idle_s + _POLL_S
            if idle_s > _LATE_BYTES_S and self._is_over(number):
                return
            offset, tail = chunk.next_offset, None
            if not chunk.content:
                self._transport.patience.sleep(_POLL_S)

    def _is_over(self, number: int) -> bool:
        job = self._job()
        return job.state.is_terminal or job.attempt > number

    def _drain(self, number: int, tail: int | None) -> Iterator[bytes]:
        offset = 0
        while True:
            chunk = self._fetch(number, offset, tail)
            if chunk.content:
                yield chunk.content
            if chunk.complete or not chunk.content:
                return
            offset, tail = chunk.next_offset, None

    def _fetch(self, number: int, offset: int, tail: int | None) -> Chunk:
        params = {"attempt": number} | ({"offset": offset} if tail is None else {"tail": tail})
        headers = {"Accept": "text/plain"}
        response = self._transport.send_repeatedly(Call("GET", self._path, params, headers))
        return _chunk(response, None if tail is not None else offset)


def _chunk(response: httpx2.Response, asked: int | None) -> Chunk:
    """Check that the piece begins where the last one ended, and is as long as it says."""
    try:
        start = int(response.headers["trainshed-log-offset"])
        end = int(response.headers["trainshed-log-next-offset"])
        attempt = int(response.headers["trainshed-attempt"])
    except (KeyError, ValueError) as error:
        raise unexpected(response, "no log") from error
    if asked not in (None, start) or end - start != len(response.content):
        raise unexpected(response, f"bytes {start} to {end} of a log where {asked} was asked for")
    complete = response.headers.get("trainshed-log-complete") == "true"
    return Chunk(response.content, attempt, end, complete)
