"""Whoever follows a project gets each event once and in order, wherever he began, however slow he is."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.auth.principal import Principal
from api.auth.roles import Role
from api.operations import feed
from api.operations.events import follow_project, read_present
from api.operations.pulse import Pulse, Quiet
from api.operations.tail import Tail
from db.engine import Database
from db.queries.events import Position
from tests.factories import PROJECT, make_project, submit
from trainshed.ids import new_id

WHO = Principal("key_test", PROJECT, PROJECT, Role.VIEWER)
WITHIN_S = 30.0


@pytest.fixture(autouse=True)
def little_memory(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_KEPT", 4)
    monkeypatch.setattr(feed, "_AT_ONCE", 5)
    with database.begin() as conn:
        make_project(conn)
        make_project(conn, "prj_other")


async def always() -> bool:
    return True


async def follow(database: Database, tail: Tail, begin: Position, until: str, *, breaks_off_after: int) -> list[str]:
    """Follow until the job `until` shows up, and break off and resume now and then; return the jobs that were seen."""
    seen: list[str] = []
    while until not in seen:
        stream = follow_project(database, tail, WHO, after=begin, pulse=Pulse(always))
        left = breaks_off_after
        async for news in stream:
            assert not isinstance(news, Quiet)
            for one in news[:left]:
                seen.append(one.event.job_id)
                begin = one.position
            left -= len(news)
            if left <= 0 or until in seen:
                break
            await asyncio.sleep(0)
        await stream.aclose()
    return seen


def commit(database: Database, bursts: list[int], last_id: str) -> list[str]:
    """Let something happen in two projects, burst by burst, and in the end the job `last_id` in ours."""
    made = []
    for burst in bursts:
        with database.begin() as conn:
            made += [submit(conn) for _ in range(burst)]
        with database.begin() as conn:
            submit(conn, project_id="prj_other")
    with database.begin() as conn:
        return [*made, submit(conn, id=last_id)]


async def scene(database: Database, bursts: list[int], followers: list[int]) -> tuple[list[str], list[list[str]]]:
    """Let something happen while some follow; return what happened, and what each saw."""
    tail, last_id = Tail(database), new_id("job")
    running = asyncio.create_task(tail.run())
    begin = await asyncio.to_thread(read_present, database)
    writing = asyncio.create_task(asyncio.to_thread(commit, database, bursts, last_id))
    async with asyncio.timeout(WITHIN_S):
        seen = await asyncio.gather(
            *(follow(database, tail, begin, last_id, breaks_off_after=number) for number in followers)
        )
    assert tail.feed.following == 0
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return await writing, seen


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(
    bursts=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    followers=st.lists(st.integers(1, 12), min_size=1, max_size=4),
)
def test_every_follower_gets_each_event_once_and_in_order(
    database: Database, bursts: list[int], followers: list[int]
) -> None:
    happened, seen = asyncio.run(scene(database, bursts, followers))
    assert seen == [happened] * len(followers)
