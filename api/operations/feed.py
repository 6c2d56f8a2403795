"""Hands what happens to all who follow a project: one look at the database for all of them, while anybody does.

The latest events of each project that is followed stay in memory for a while, once for all its followers, who hold
nothing but the place they have come to. One who is too far behind reads the database until he is not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import anyio.to_thread
from sqlalchemy import Row

from api.operations import present
from api.operations.rounds import Rounds
from api.operations.waiting import Waiter, wake_all
from db.engine import Database
from db.queries import events
from db.queries.events import Position
from trainshed import wire

_AT_ONCE: Final = 1_000
_KEPT: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An event, and where it lies in the order of commits. One object for all who follow."""

    position: Position
    event: wire.Event


def placed(row: Row[Any]) -> Placed:
    """Return what a row of `db.queries.events` says."""
    return Placed(Position(row.txid, row.id), present.event(row))


@dataclass(slots=True)
class _Channel:
    """The latest events of one project: all that lie behind `since`. None: from a place that the next look will set."""

    followers: set[Waiter] = field(default_factory=set)
    since: Position | None = None
    events: list[Placed] = field(default_factory=list)

    def add(self, news: Sequence[Placed]) -> None:
        self.events.extend(news)
        if len(self.events) > _KEPT:
            self.since = self.events[-_KEPT // 2 - 1].position
            del self.events[: -_KEPT // 2]

    def after(self, position: Position) -> Sequence[Placed] | None:
        if self.since is None:
            return ()
        if position < self.since:
            return None
        return self.events[bisect_right(self.events, position, key=lambda one: one.position) :]


class Follower(Waiter):
    """One who follows one project."""

    def __init__(self, channel: _Channel, *, closed: bool) -> None:
        super().__init__(closed=closed)
        self._channel = channel

    def after(self, position: Position) -> Sequence[Placed] | None:
        """Return the events behind a place, as far as they are known. None: it is too far back, ask the database."""
        return self._channel.after(position)

    async def until_more(self, position: Position, *, timeout_s: float) -> bool:
        """Wait until `after` has something to say. False: that did not come in time, or the server shuts down."""
        return await self.until_true(lambda: self._has_more(position), timeout_s=timeout_s)

    def _has_more(self, position: Position) -> bool:
        more = self.after(position)
        return more is None or bool(more)


class Feed:
    """Follows all projects that somebody follows. Lives on the event loop; a thread of its own asks the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._channels: dict[str, _Channel] = {}
        self._rounds = Rounds("feed", waited_for=lambda: bool(self._channels))
        self._thread = anyio.CapacityLimiter(1)
        self._position: Position | None = None
        self._closed = False

    @contextmanager
    def follow(self, project_id: str) -> Iterator[Follower]:
        """Be told what happens in a project until the end of the block."""
        channel = self._channels.setdefault(project_id, _Channel())
        follower = Follower(channel, closed=self._closed)
        channel.followers.add(follower)
        self._rounds.wake()
        try:
            yield follower
        finally:
            channel.followers.discard(follower)
            if not channel.followers:
                del self._channels[project_id]

    @property
    def following(self) -> int:
        """How many follow."""
        return sum(len(channel.followers) for channel in self._channels.values())

    def close(self) -> None:
        """Let all go that follow, and all that come after."""
        self._closed = True
        for channel in self._channels.values():
            for follower in channel.followers:
                follower.close()

    async def run(self) -> None:
        """Look every now and then, until cancelled."""
        await self._rounds.run(self._turn)

    async def _turn(self) -> None:
        """Look until nothing is left. For those who have only just come, that begins with the present."""
        more = True
        while more:
            begun = any(channel.since is not None for channel in self._channels.values())
            after = self._position if begun else None
            news, reached, more = await anyio.to_thread.run_sync(
                self._look, after, frozenset(self._channels), limiter=self._thread
            )
            self._position = reached
            await wake_all(self._hand_out(news, reached))

    def _look(self, after: Position | None, projects: frozenset[str]) -> tuple[dict[str, list[Placed]], Position, bool]:
        """Return what happened after a position, by project, how far that goes, and whether there is more."""
        with self._database.read() as conn:
            last = events.settled(conn)
            rows = [] if after is None else events.list_all_events(conn, after=after, last=last, limit=_AT_ONCE)
        news: dict[str, list[Placed]] = {project: [] for project in projects}
        for row in rows:
            if row.project_id in projects:
                news[row.project_id].append(placed(row))
        if len(rows) == _AT_ONCE:
            return news, Position(rows[-1].txid, rows[-1].id), True
        return news, last if after is None else max(after, last), False

    def _hand_out(self, news: dict[str, list[Placed]], reached: Position) -> list[Waiter]:
        """Put news where they belong; return whom they concern."""
        concerned: list[Waiter] = []
        for project_id, channel in self._channels.items():
            if channel.since is None:
                channel.since = reached
            elif news.get(project_id):
                channel.add(news[project_id])
            else:
                continue
            concerned += channel.followers
        return concerned
