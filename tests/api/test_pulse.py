"""Open streams say that they stand, and end with the key that opened them."""

from __future__ import annotations

import asyncio
import threading

import httpx2
import pytest

from api.auth.keys import read_key
from api.operations import pulse
from api.operations.pulse import HEARTBEAT_S, KEY_CHECKED_EVERY_S, Pulse
from db.engine import Database, DatabaseUnavailable
from db.keys import revoke_key
from tests.api.conftest import Api
from tests.api.streaming import LINES, SSE, opened, tail_of
from tests.servers import wait_until


class Key:
    """A key and a clock, as a pulse sees them."""

    def __init__(self) -> None:
        self.time = 100.0
        self.answer: bool | Exception = True
        self.asked = 0
        self.pulse = Pulse(self.stands, now=lambda: self.time)

    async def stands(self) -> bool:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def goes_on(self) -> bool:
        return asyncio.run(self.pulse.goes_on())


def test_a_stream_beats_when_it_was_quiet_for_long_enough_and_not_before() -> None:
    key = Key()
    key.time += HEARTBEAT_S - 0.1
    assert not key.pulse.beat()
    key.pulse.sent()
    key.time += HEARTBEAT_S - 0.1
    assert not key.pulse.beat()
    key.time += 0.2
    assert key.pulse.beat()
    assert not key.pulse.beat()


def test_a_key_is_asked_for_now_and_then_and_its_end_is_for_good() -> None:
    key = Key()
    assert key.goes_on()
    assert key.asked == 0
    for _ in range(3):
        key.time += KEY_CHECKED_EVERY_S[1]
        assert key.pulse.wait_s == 0
        assert key.goes_on()
        assert key.goes_on()
    assert key.asked == 3
    key.answer = False
    key.time += KEY_CHECKED_EVERY_S[1]
    assert not key.goes_on()
    key.answer = True
    assert not key.goes_on()
    assert key.asked == 4


def test_a_database_that_does_not_answer_ends_no_stream() -> None:
    key = Key()
    key.answer = DatabaseUnavailable("frozen")
    key.time += KEY_CHECKED_EVERY_S[1]
    assert key.goes_on()
    key.answer = False
    key.time += KEY_CHECKED_EVERY_S[1]
    assert not key.goes_on()


def revoke(database: Database, key: str) -> None:
    found = read_key(key)
    assert found is not None
    with database.begin() as conn:
        assert revoke_key(conn, found.id)


PATHS = ["/jobs/{job_id}/events", "/jobs/{job_id}/logs?follow=true", "/events"]


def standing(api: Api) -> int:
    return tail_of(api).watching + tail_of(api).feed.following


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_ends_within_seconds_of_its_key(api: Api, database: Database, path: str) -> None:
    path = path.format(job_id=api.submit())
    with opened(api, path, as_="viewer", headers={"Accept": SSE}) as asked:
        wait_until(lambda: standing(api) == 1, what="the stream to stand")
        other = threading.Thread(target=api.get, args=(path,), kwargs={"headers": {"Accept": SSE}})
        other.start()
        wait_until(lambda: standing(api) == 2, what="the stream of another key to stand")
        revoke(database, api.keys["viewer"])
        answer: httpx2.Response = asked.result(KEY_CHECKED_EVERY_S[1] + 5)
        assert standing(api) == 1
    other.join()
    assert answer.status_code == 200
    assert "event: end" not in answer.text


@pytest.mark.parametrize(
    ("path", "accept", "beat"), [*((path, SSE, ": ping") for path in PATHS), (PATHS[1], LINES, "")]
)
def test_a_quiet_stream_says_that_it_stands(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch, path: str, accept: str, beat: str
) -> None:
    monkeypatch.setattr(pulse, "HEARTBEAT_S", 0.05)
    path = path.format(job_id=api.submit())
    with opened(api, path, as_="viewer", headers={"Accept": accept}) as asked:
        wait_until(lambda: standing(api) == 1, what="the stream to stand")
        revoke(database, api.keys["viewer"])
        lines = asked.result(30).text.split("\n")
    assert lines.count(beat) > 2
