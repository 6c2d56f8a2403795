"""Logs and events over dropped connections: nothing twice, nothing left out."""

from __future__ import annotations

import json

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, event, job
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json
from trainshed import Client
from trainshed.errors import NotFound, Unavailable, UnexpectedAnswer

LOGS = f"{JOB_PATH}/logs"
STREAM = f"{LOGS}?follow"
EVENTS = f"{JOB_PATH}/events"
END = b"event: end\ndata: {}\n\n"


def piece(
    content: bytes, offset: int, *, attempt: int = 1, complete: bool = False, ends_at: int | None = None
) -> Answer:
    headers = {
        "Content-Type": "text/plain",
        "Trainshed-Attempt": str(attempt),
        "Trainshed-Log-Offset": str(offset),
        "Trainshed-Log-Next-Offset": str(offset + len(content) if ends_at is None else ends_at),
        "Trainshed-Log-Complete": "true" if complete else "false",
    }
    return Answer(200, content, headers)


def stream(*events: int, end: bool = False, broken: bool = False) -> Answer:
    lines = [f"id: {seq}\nevent: start\ndata: {json.dumps(event(seq))}\n\n".encode() for seq in events]
    body = b": heartbeat\n\n" + b"".join(lines) + (END if end else b"")
    return Answer(200, body, {"Content-Type": "text/event-stream"}, broken=broken)


def offsets(server: ScriptedServer) -> list[tuple[str, str]]:
    logs = [asked.query for asked in server.asked if asked.path == LOGS and "follow" not in asked.query]
    return [(query["attempt"][0], query.get("offset", ["tail"])[0]) for query in logs]


@pytest.fixture
def older(server: ScriptedServer) -> ScriptedServer:
    """A server without a stream of logs: it knows no `follow` and answers as to any read."""
    server.on("GET", STREAM, piece(b"one ", 0))
    return server


def test_a_log_is_read_to_its_present_end(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    server.on("GET", LOGS, piece(b"one ", 0), piece(b"two", 4), piece(b"", 7))

    assert b"".join(client.logs(JOB_ID)) == b"one two"
    assert offsets(server) == [("1", "0"), ("1", "4"), ("1", "7")]


def test_a_job_that_has_not_started_has_no_log(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("queued", attempt=0)))

    assert [*client.logs(JOB_ID)] == []


def test_a_poller_waits_for_the_start_and_for_more_and_ends_with_the_job(
    older: ScriptedServer, client: Client, clock: FakeTime
) -> None:
    queued, running, over = job("queued", attempt=0), job("running"), job("succeeded")
    older.on("GET", JOB_PATH, *map(as_json, (queued, queued, queued, running, over)))
    older.on("GET", LOGS, piece(b"one ", 0), piece(b"", 4), piece(b"two", 4), piece(b"", 7, complete=True))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two"
    assert clock.slept == [0.5, 0.5, 0.5]


def test_a_poller_goes_on_to_the_next_attempt(older: ScriptedServer, client: Client) -> None:
    older.on(
        "GET",
        JOB_PATH,
        as_json(job("running", attempt=1)),
        as_json(job("queued", attempt=1)),
        as_json(job("succeeded", attempt=2)),
    )
    older.on(
        "GET", LOGS, piece(b"first ", 0, complete=True), piece(b"second", 0, attempt=2), piece(b"", 6, complete=True)
    )

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"first second"
    assert offsets(older) == [("1", "0"), ("2", "0"), ("2", "6")]


def test_a_follower_of_one_attempt_ends_with_it(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("running", attempt=2)))
    server.on("GET", LOGS, piece(b"first", 0, complete=True))

    assert b"".join(client.logs(JOB_ID, attempt=1, follow=True)) == b"first"


def test_an_attempt_that_never_comes_is_not_found(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("failed", attempt=1)))

    with pytest.raises(NotFound, match="no attempt 3"):
        [*client.logs(JOB_ID, attempt=3, follow=True)]


def test_a_tail_is_continued_from_where_it_ended(older: ScriptedServer, client: Client) -> None:
    older.on("GET", JOB_PATH, as_json(job("succeeded")))
    older.on("GET", LOGS, piece(b"last line\n", 5000), piece(b"more", 5010, complete=True))

    assert b"".join(client.logs(JOB_ID, follow=True, tail=1)) == b"last line\nmore"
    assert offsets(older) == [("1", "tail"), ("1", "5010")]


def test_a_dropped_connection_repeats_no_byte(older: ScriptedServer, client: Client) -> None:
    older.on("GET", JOB_PATH, as_json(job("succeeded")))
    broken = piece(b"two", 4)
    older.on(
        "GET",
        LOGS,
        piece(b"one ", 0),
        Answer(200, b"tw", broken.headers, broken=True),
        Answer(503),
        broken,
        piece(b"", 7, complete=True),
    )

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two"


@pytest.mark.parametrize("answer", [piece(b"two", 9), piece(b"two", 4, ends_at=9), Answer(200, b"two")])
def test_a_gap_is_never_passed_over(server: ScriptedServer, client: Client, answer: Answer) -> None:
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("GET", LOGS, piece(b"one ", 0), answer)

    with pytest.raises(UnexpectedAnswer, match="log"):
        [*client.logs(JOB_ID)]


def test_the_last_bytes_of_a_lost_worker_are_not_waited_for_without_end(
    older: ScriptedServer, client: Client, clock: FakeTime
) -> None:
    older.on("GET", JOB_PATH, as_json(job("failed", reason="worker_lost")))
    older.on("GET", LOGS, piece(b"then silence", 0), piece(b"", 12))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"then silence"
    assert sum(clock.slept) == pytest.approx(15.0, abs=1.0)


def test_events_are_read_page_by_page(server: ScriptedServer, client: Client) -> None:
    server.on(
        "GET",
        EVENTS,
        as_json({"items": [event(seq) for seq in range(1, 101)]}),
        as_json({"items": [event(101)]}),
    )

    assert [each.seq for each in client.events(JOB_ID)] == [*range(1, 102)]
    assert [asked.query["after"] for asked in server.asked] == [["0"], ["100"]]


def test_a_dropped_stream_is_resumed_after_the_last_event(server: ScriptedServer, client: Client) -> None:
    server.on(
        "GET", EVENTS, stream(1, 2, broken=True), Answer(503), Answer(refused=True), stream(3), stream(3, 4, end=True)
    )

    assert [each.seq for each in client.events(JOB_ID, follow=True)] == [1, 2, 3, 4]
    assert [asked.headers.get("last-event-id") for asked in server.asked] == [None, "2", "2", "2", "3"]


def test_a_stream_that_always_closes_is_given_up(server: ScriptedServer, client: Client, clock: FakeTime) -> None:
    server.on("GET", EVENTS, stream())

    with pytest.raises(Unavailable, match="closed the stream"):
        [*client.events(JOB_ID, follow=True)]

    assert sum(clock.slept) <= 30


def test_what_is_no_stream_of_events_is_said_so(server: ScriptedServer, client: Client) -> None:
    server.on("GET", EVENTS, as_json({"items": []}))

    with pytest.raises(UnexpectedAnswer, match="no stream of events"):
        [*client.events(JOB_ID, follow=True)]
