"""What happened to a job: as a list, or as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations import present
from api.operations.jobs import not_found
from api.operations.tail import Tail
from db.engine import Database, DatabaseUnavailable
from db.queries.events import list_events
from db.queries.jobs import get_state
from trainshed import wire
from trainshed.errors import NotFound
from trainshed.states import JobState

log = structlog.get_logger(__name__)

HEARTBEAT_S: Final = 15.0
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events that follow one another. `ended`: the state of a job that has finished, when none can follow them."""

    events: tuple[wire.Event, ...]
    ended: JobState | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing has happened for a while, and the stream stands."""


@dataclass(frozen=True, slots=True)
class End:
    """The job has finished and nothing will follow."""

    state: JobState


def read_events(database: Database, who: Principal, job_id: str, *, after: int, limit: int = _PAGE) -> EventPage:
    """Return the events after number `after`. Raises `NotFound`."""
    with database.read() as conn:
        job = get_state(conn, who.project_id, job_id)
        if job is None:
            raise not_found(job_id)
        events = tuple(present.event(row) for row in list_events(conn, job_id, after=after, limit=limit))
    last = events[-1].seq if events else after
    state = JobState(job.state)
    return EventPage(events, state if state.is_terminal and last >= job.event_seq else None)


async def follow_events(
    database: Database, tail: Tail, who: Principal, job_id: str, first: EventPage, *, after: int
) -> AsyncGenerator[wire.Event | Quiet | End]:
    """Yield `first`, which was read after number `after`, and then what happens, until `End` or the server stops."""
    page = first
    with tail.watch(job_id) as watch:
        while not watch.closed:
            for event in page.events:
                yield event
                after = event.seq
            if page.ended is not None:
                yield End(page.ended)
                return
            seen = after
            if not await watch.until(lambda mark: mark.event_seq > seen, timeout_s=HEARTBEAT_S):  # noqa: B023
                yield Quiet()
            try:
                page = await run_in_threadpool(read_events, database, who, job_id, after=after)
            except (DatabaseUnavailable, NotFound) as error:
                log.warning("events.broken_off", job_id=job_id, error=str(error))
                return
