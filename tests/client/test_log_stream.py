"""Logs over the server's stream: nothing twice, nothing left out, and by offset where there is no stream."""

from __future__ import annotations

import base64
import itertools
import json

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import Answer, ScriptedServer, as_json, problem
from tests.client.test_streams import END, LOGS, STREAM, piece
from trainshed import Client
from trainshed.errors import NotFound, UnexpectedAnswer


def message(content: bytes, offset: int, *, attempt: int = 1, next_offset: int | None = None) -> bytes:
    end = offset + len(content) if next_offset is None else next_offset
    try:
        body = {"text": content.decode()}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(content).decode()}
    document = {"attempt": attempt, "offset": offset, "next_offset": end, **body}
    return f"id: {attempt}:{end}\ndata: {json.dumps(document)}\n\n".encode()


def stream(*messages: bytes, end: bool = False, broken: bool = False) -> Answer:
    body = b": heartbeat\n\n" + b"".join(messages) + (END if end else b"")
    return Answer(200, body, {"Content-Type": "text/event-stream; charset=utf-8"}, broken=broken)


def asked_of(server: ScriptedServer) -> list[tuple[list[str] | None, str | None]]:
    """The attempt that each stream began with, and where it was to go on."""
    asked = [each for each in server.asked if "follow" in each.query]
    return [(each.query.get("attempt"), each.headers.get("last-event-id")) for each in asked]


def test_a_follower_reads_one_stream_over_all_attempts(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    pieces = message(b"one ", 0), message(b"two\n", 4), message(b"again \xff", 0, attempt=2)
    server.on("GET", STREAM, stream(*pieces, end=True))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two\nagain \xff"
    assert len(server.asked) == 2


def test_each_piece_is_given_on_as_it_comes(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    server.on("GET", STREAM, stream(message(b"one ", 0), message(b"two", 4), end=True))

    assert [*client.logs(JOB_ID, follow=True)] == [b"one ", b"two"]


def test_a_dropped_stream_is_taken_up_behind_the_last_byte(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    server.on(
        "GET",
        STREAM,
        Answer(refused=True),
        stream(message(b"one ", 0), broken=True),
        Answer(503),
        stream(message(b"two ", 4)),
        stream(message(b"three", 0, attempt=2), end=True),
    )

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two three"
    assert asked_of(server) == [(["1"], None), (["1"], None), (["1"], "1:4"), (["1"], "1:4"), (["1"], "1:8")]


def test_a_stream_is_held_to_the_attempt_that_it_began_with(server: ScriptedServer, client: Client) -> None:
    """Where it drops before its first byte, the latest attempt may have become another one."""
    server.on("GET", JOB_PATH, as_json(job(attempt=3)))
    server.on("GET", STREAM, Answer(refused=True), stream(message(b"three", 0, attempt=3), end=True))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"three"
    assert [attempt for attempt, _ in asked_of(server)] == [["3"], ["3"]]


def test_bytes_that_come_again_are_passed_over(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    again = message(b"one ", 0), message(b"e two ", 2, next_offset=8)
    server.on("GET", STREAM, stream(message(b"one ", 0), *again, end=True))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two "


@pytest.mark.parametrize(
    "gap",
    [
        message(b"three", 8),
        message(b"three", 2, attempt=2),
        message(b"two ", 4, next_offset=9),
        b"id: 1:8\ndata: {}\n\n",
    ],
    ids=["left out", "the beginning of an attempt", "fewer bytes than promised", "no piece"],
)
def test_what_a_stream_leaves_out_is_read_by_offset(server: ScriptedServer, client: Client, gap: bytes) -> None:
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("GET", STREAM, stream(message(b"one ", 0), gap, end=True))
    server.on("GET", LOGS, piece(b"two ", 4), piece(b"three", 8, complete=True))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two three"


@pytest.mark.parametrize("answer", [piece(b"one ", 0), as_json({}), Answer(599)])
def test_a_server_without_a_stream_is_read_by_offset(server: ScriptedServer, client: Client, answer: Answer) -> None:
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("GET", STREAM, answer)
    server.on("GET", LOGS, piece(b"one ", 0), piece(b"two", 4, complete=True))

    assert b"".join(client.logs(JOB_ID, follow=True)) == b"one two"


def test_what_is_wrong_by_offset_too_is_said(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("GET", LOGS, Answer(200, b"<html>", {"Content-Type": "text/html"}))

    with pytest.raises(UnexpectedAnswer, match="no log"):
        [*client.logs(JOB_ID, follow=True)]


def test_a_job_that_is_not_there_is_not_found(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))
    server.on("GET", STREAM, problem(404, "not_found"))

    with pytest.raises(NotFound):
        [*client.logs(JOB_ID, follow=True)]


@pytest.mark.parametrize(
    ("arguments", "query"), [({"tail": 2}, {"tail": ["2"]}), ({"since": "10m"}, {"since": ["10m"]})]
)
def test_a_tail_is_read_first_and_followed_from_its_end(
    server: ScriptedServer, client: Client, arguments: dict[str, object], query: dict[str, list[str]]
) -> None:
    server.on("GET", JOB_PATH, as_json(job(attempt=2)))
    server.on("GET", LOGS, piece(b"last line\n", 5000, attempt=2))
    server.on("GET", STREAM, stream(message(b"more", 5010, attempt=2), end=True))

    assert b"".join(client.logs(JOB_ID, follow=True, **arguments)) == b"last line\nmore"  # type: ignore[arg-type]
    assert server.asked[1].query == {"attempt": ["2"], **query}
    assert asked_of(server) == [(["2"], "2:5010")]


def test_a_job_that_has_not_started_is_followed_from_its_first_byte(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("queued", attempt=0)))
    server.on("GET", STREAM, stream(message(b"one", 0), end=True))

    assert b"".join(client.logs(JOB_ID, follow=True, tail=5)) == b"one"
    assert asked_of(server) == [(["1"], None)]


def test_a_stream_cut_at_any_byte_gives_the_same_log(server: ScriptedServer, client: Client) -> None:
    """The promise itself: wherever the connection breaks, each byte comes once."""
    log = "one ü two\n".encode()
    whole = stream(message(log[:4], 0), message(log[4:5], 4), message(log[5:], 5), message(b"end", 0, attempt=2))
    server.on("GET", JOB_PATH, as_json(job()))
    for cut in itertools.chain(range(0, len(whole.body), 7), [len(whole.body)]):
        server.asked.clear()
        server._answers["GET", STREAM].clear()
        broken = Answer(200, whole.body[:cut], whole.headers, broken=True)
        server.on("GET", STREAM, broken, stream(whole.body, end=True))

        assert b"".join(client.logs(JOB_ID, follow=True)) == log + b"end"
