"""GET /api/v1/events: what happens to all jobs of a project, in the order of commits, none passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from api.operations.feed import Feed
from db.engine import Database
from tests.api.conftest import OTHER_PROJECT, Api, assert_problem
from tests.api.streaming import SSE, messages, opened, tail_of
from tests.factories import claim, end, submit
from tests.servers import wait_until

STREAM = {"Accept": SSE}


def page(api: Api, **params: Any) -> tuple[list[tuple[str, int]], str]:
    """Return (job, number) of the events of a page, and the next cursor."""
    answer = api.get("/events", params=params)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [(event["job_id"], event["seq"]) for event in body["items"]], body["next_cursor"]


@pytest.fixture
def happened(api: Api, database: Database) -> list[tuple[str, int]]:
    """Two jobs of this project, and between them one of another."""
    first = api.submit()
    with database.begin() as conn:
        end(conn, claim(conn))
    with database.begin() as conn:
        submit(conn, project_id=OTHER_PROJECT)
    second = api.submit()
    return [(first, 1), (first, 2), (first, 3), (second, 1)]


def test_events_of_all_jobs_of_the_project_come_in_order(api: Api, happened: list[tuple[str, int]]) -> None:
    assert page(api)[0] == happened
    other = api.get("/events", as_="other").json()["items"]
    assert [event["type"] for event in other] == ["submit"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_a_reader_that_goes_on_at_the_next_cursor_sees_each_event_once(
    api: Api, happened: list[tuple[str, int]], limit: int
) -> None:
    seen, cursor = page(api, limit=limit)
    while more := page(api, after=cursor, limit=limit)[0]:
        cursor = page(api, after=cursor, limit=limit)[1]
        seen += more
    assert seen == happened
    last = api.submit()
    assert page(api, after=cursor)[0] == [(last, 1)]


def test_a_look_passes_few_events_of_others_and_says_how_far_it_came(
    api: Api, happened: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.operations.events._LOOKED_THROUGH", 2)
    seen: list[tuple[str, int]] = []
    cursor = None
    pages = 0
    while len(seen) < len(happened):
        items, cursor = page(api, **({} if cursor is None else {"after": cursor}))
        assert len(items) <= 2
        seen += items
        pages += 1
    assert seen == happened
    assert pages == 3


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_an_event_whose_transaction_commits_late_is_not_passed_over(api: Api, database: Database) -> None:
    before, cursor = page(api)
    assert before == []
    with database.begin() as slow:
        first = submit(slow)
        with database.begin() as quick:
            second = submit(quick)
        # The second is committed, and waits for what may yet come before it.
        seen, cursor = page(api, after=cursor)
        assert seen == []
    seen, cursor = page(api, after=cursor)
    assert seen == [(first, 1), (second, 1)]
    assert page(api, after=cursor)[0] == []


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_stream_does_not_pass_over_it_either(api: Api, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count_looks(monkeypatch)
    with opened(api, "/events", headers=STREAM) as asked:
        channel = standing_channel(api)
        with database.begin() as slow:
            first = submit(slow)
            with database.begin() as quick:
                second = submit(quick)
            third = api.submit()
            before = len(looks)
            wait_until(lambda: len(looks) > before + 2, what="two looks")
            assert channel.events == []
        wait_until(lambda: len(channel.events) == 3, what="the events to be handed out")
    assert jobs_of(asked.result(30).text) == [first, second, third]


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return a list that grows with each look of the feed at the database."""
    looks: list[object] = []
    look = Feed._look

    def counted(self: Feed, *args: Any) -> Any:
        looks.append(args)
        return look(self, *args)

    monkeypatch.setattr(Feed, "_look", counted)
    return looks


def standing_channel(api: Api) -> Any:
    """Wait until a stream stands and has been given its place; return what it follows."""
    channels = tail_of(api).feed._channels
    wait_until(lambda: any(channel.since for channel in channels.values()), what="the stream to stand")
    (channel,) = channels.values()
    return channel


def jobs_of(stream: str) -> list[str]:
    return [json.loads(one["data"])["job_id"] for one in messages(stream)]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_number_of_a_deleted_event_is_not_used_again(api: Api, database: Database) -> None:
    api.submit()
    api.submit()
    _, cursor = page(api)
    with database.begin() as conn:
        conn.exec_driver_sql("DELETE FROM job")
    last = api.submit()
    assert page(api, after=cursor)[0] == [(last, 1)]


def test_a_stream_begins_with_the_present_and_goes_on_where_it_broke_off(
    api: Api, database: Database, happened: list[tuple[str, int]]
) -> None:
    with opened(api, "/events", headers=STREAM) as asked:
        channel = standing_channel(api)
        new = [api.submit() for _ in range(3)]
        with database.begin() as conn:
            submit(conn, project_id=OTHER_PROJECT)
        wait_until(lambda: len(channel.events) == 3, what="the events to be handed out")
    answer = asked.result(30)
    sent = messages(answer.text)
    assert [one["event"] for one in sent] == ["submit"] * 3
    assert jobs_of(answer.text) == new
    # Where it began, and each place in it, is a cursor of the list and of a stream.
    for number, cursor in enumerate([answer.headers["trainshed-cursor"], *(one["id"] for one in sent)]):
        assert page(api, after=cursor)[0] == [(job_id, 1) for job_id in new[number:]]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("cursor", ["", "x", "1", "1-", "-1-1", f"0-{2**63}", "1-1-1", "\u0661-1", "9" * 60])
def test_a_cursor_that_is_none_is_refused(api: Api, cursor: str) -> None:
    assert_problem(api.get("/events", params={"after": cursor}), 422, "request_invalid")
    headers = {**STREAM, "Last-Event-ID": cursor.encode()}
    assert_problem(api.get("/events", headers=headers), 422, "request_invalid")
