"""Reads logs: no byte twice and none left out, over dropped connections and over attempts (promise P12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import httpx2

from trainshed.client.log_stream import Position, follow_log
from trainshed.client.problems import unexpected
from trainshed.client.transport import Call, Transport
from trainshed.errors import NotFound, UnexpectedAnswer
from trainshed.wire import Job

_POLL_S: Final = 0.5
_LATE_BYTES_S: Final = 15.0
"""How long after its end a job's last bytes are waited for. A worker whose disk is gone never hands them in."""

Start: TypeAlias = Mapping[str, str | int]
"""Where in an attempt to begin: `tail` or `since`. Nothing: with its first byte."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the log of one attempt."""

    content: bytes
    attempt: int
    next_offset: int
    complete: bool
    """The attempt has ended and nothing follows."""


class LogReader:
    """Reads the log of the job at the address `job`."""

    def __init__(self, transport: Transport, job: str) -> None:
        self._transport = transport
        self._job_path = job
        self._path = f"{job}/logs"

    def read(self, attempt: int | None, start: Start) -> Iterator[bytes]:
        """Yield what there is of one attempt, by default the latest. A job that has not started has nothing."""
        number = attempt or self._job().attempt
        if number:
            yield from self._drain(number, start)

    def follow(self, attempt: int | None, start: Start) -> Iterator[bytes]:
        """Yield bytes as they come, of one attempt or of the latest and all after it, until nothing can follow."""
        if attempt is not None:  # the stream goes on to later attempts and does not say where one ends
            yield from self._poll_from(attempt, start)
            return
        job = self._job()
        position = Position(max(job.attempt, 1), 0)
        if job.attempt and start:
            chunk = self._fetch(job.attempt, 0, start)
            yield chunk.content
            position = Position(job.attempt, chunk.next_offset)
        try:
            for content, behind in follow_log(self._transport, self._path, position):
                yield content
                position = behind
        except UnexpectedAnswer:  # an older server, or one that left bytes out: asked by offset it gives them all
            yield from self._poll_all(position)

    def _poll_all(self, position: Position) -> Iterator[bytes]:
        number, offset = position.attempt, position.offset
        while number <= self._until_started(number).attempt:
            yield from self._poll_one(number, offset, {})
            number, offset = number + 1, 0

    def _poll_from(self, number: int, start: Start) -> Iterator[bytes]:
        job = self._until_started(number)
        if number > job.attempt:
            raise NotFound(f"Job {job.id} has no attempt {number}; it ended {job.state} with {job.attempt}.")
        yield from self._poll_one(number, 0, start)

    def _until_started(self, number: int) -> Job:
        """Wait until the job has an attempt of that number, or can have none any more."""
        while True:
            job = self._job()
            if job.attempt >= number or job.state.is_terminal:
                return job
            self._transport.patience.sleep(_POLL_S)

    def _poll_one(self, number: int, offset: int, start: Start) -> Iterator[bytes]:
        idle_s = 0.0
        while True:
            chunk = self._fetch(number, offset, start)
            if chunk.content:
                yield chunk.content
            if chunk.complete:
                return
            idle_s = 0.0 if chunk.content else idle_s + _POLL_S
            if idle_s > _LATE_BYTES_S and self._is_over(number):
                return
            offset, start = chunk.next_offset, {}
            if not chunk.content:
                self._transport.patience.sleep(_POLL_S)

    def _is_over(self, number: int) -> bool:
        job = self._job()
        return job.state.is_terminal or job.attempt > number

    def _drain(self, number: int, start: Start) -> Iterator[bytes]:
        offset = 0
        while True:
            chunk = self._fetch(number, offset, start)
            if chunk.content:
                yield chunk.content
            if chunk.complete or not chunk.content:
                return
            offset, start = chunk.next_offset, {}

    def _fetch(self, number: int, offset: int, start: Start) -> Chunk:
        params = {"attempt": number, **(start or {"offset": offset})}
        headers = {"Accept": "text/plain"}
        response = self._transport.send_repeatedly(Call("GET", self._path, params, headers))
        return _chunk(response, None if start else offset)

    def _job(self) -> Job:
        return self._transport.get(self._job_path, Job)


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
