"""What happened to a job, or to all jobs of a project: as a list, or as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from api.auth.principal import Principal
from api.operations import present
from api.operations.feed import Placed, placed
from api.operations.jobs import not_found
from api.operations.pulse import End, Pulse, Quiet
from api.operations.tail import Tail
from db.engine import Database, DatabaseUnavailable
from db.queries import events
from db.queries.events import Position
from db.queries.jobs import get_state
from trainshed import wire
from trainshed.errors import NotFound
from trainshed.states import JobState

log = structlog.get_logger(__name__)

_PAGE: Final = 500
_LOOKED_THROUGH: Final = 10_000
"""How many events of all projects one look for those of one project passes at most."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events that follow one another. `ended`: the state of a job that has finished, when none can follow them."""

    events: tuple[wire.Event, ...]
    ended: JobState | None


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """Events of a project in the order of commits. `reached`: up to there, these are all."""

    events: tuple[Placed, ...]
    reached: Position


def read_events(database: Database, who: Principal, job_id: str, *, after: int, limit: int = _PAGE) -> EventPage:
    """Return the events after number `after`. Raises `NotFound`."""
    with database.read() as conn:
        job = get_state(conn, who.project_id, job_id)
        if job is None:
            raise not_found(job_id)
        found = tuple(present.event(row) for row in events.list_events(conn, job_id, after=after, limit=limit))
    last = found[-1].seq if found else after
    state = JobState(job.state)
    return EventPage(found, state if state.is_terminal and last >= job.event_seq else None)


def read_project_events(database: Database, who: Principal, *, after: Position, limit: int = _PAGE) -> ProjectPage:
    """Return events of the caller's project that lie behind `after`; none but those that no late commit can precede."""
    with database.read() as conn:
        last = events.settled(conn)
        last = events.nth_event(conn, after=after, last=last, number=_LOOKED_THROUGH) or last
        rows = events.list_project_events(conn, who.project_id, after=after, last=last, limit=limit)
    found = tuple(placed(row) for row in rows)
    return ProjectPage(found, found[-1].position if len(found) == limit else max(after, last))


def read_present(database: Database) -> Position:
    """Return the place behind which lies all that has not been committed yet."""
    with database.read() as conn:
        return events.settled(conn)


async def follow_events(
    database: Database, tail: Tail, who: Principal, job_id: str, first: EventPage, *, after: int, pulse: Pulse
) -> AsyncGenerator[wire.Event | Quiet | End]:
    """Yield `first`, which was read after number `after`, and then what happens, until `End` or the server stops."""
    page = first
    with tail.watch(job_id) as watch:
        while not watch.closed and await pulse.goes_on():
            for event in page.events:
                yield event
                after = event.seq
                pulse.sent()
            if page.ended is not None:
                yield End(page.ended)
                return
            seen = after
            if not await watch.until(lambda mark: mark.event_seq > seen, timeout_s=pulse.wait_s):  # noqa: B023
                page = EventPage((), None)
                if pulse.beat():
                    yield Quiet()
                continue
            try:
                page = await tail.read(read_events, database, who, job_id, after=after)
            except (DatabaseUnavailable, NotFound) as error:
                log.warning("events.broken_off", job_id=job_id, error=str(error))
                return


async def follow_project(
    database: Database, tail: Tail, who: Principal, *, after: Position, pulse: Pulse
) -> AsyncGenerator[Sequence[Placed] | Quiet]:
    """Yield what happens in the caller's project behind `after`, until the server stops."""
    with tail.feed.follow(who.project_id) as follower:
        while not follower.closed and await pulse.goes_on():
            news = follower.after(after)
            if news is None:
                try:
                    page = await tail.read(read_project_events, database, who, after=after)
                except DatabaseUnavailable as error:
                    log.warning("events.broken_off", project_id=who.project_id, error=str(error))
                    return
                news, after = page.events, page.reached
            elif news:
                after = news[-1].position
            elif not await follower.until_more(after, timeout_s=pulse.wait_s) and pulse.beat():
                yield Quiet()
            if news:
                yield news
                pulse.sent()
