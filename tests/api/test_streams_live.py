"""Streams of a real server process, read while there is something to write, and broken off again and again."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from db import reports
from db.engine import Database
from tests.api.conftest import COMMAND
from tests.api.process import ApiProcess
from tests.api.streaming import LINES, SSE, Piece, piece_of
from tests.factories import claim, end
from tests.servers import ValkeyServer, wait_until
from trainshed.states import AttemptOutcome

LINES_PRINTED = [f"line {number}: ä€\U0001f600\n".encode() for number in range(400)]
ATTEMPTS = 2


@pytest.fixture
def server(tmp_path: Path, database_url: str, valkey: ValkeyServer) -> Iterator[ApiProcess]:
    started = ApiProcess(tmp_path, database_url=database_url, broker_url=valkey.url)
    yield started
    started.stop()


@contextmanager
def printing(database: Database) -> Iterator[None]:
    """Run the only job in two attempts, beside what the block does; its bytes come in pieces of any length."""

    def run() -> None:
        cuts = random.Random(1)
        for number in range(ATTEMPTS):
            with database.begin() as conn:
                won = claim(conn)
            left, start = b"".join(LINES_PRINTED), 0
            while left:
                length = cuts.randint(1, 400)
                with database.begin() as conn:
                    assert reports.append_log(conn, won.lease, start=start, data=left[:length])
                left, start = left[length:], start + length
            with database.begin() as conn:
                end(conn, won, AttemptOutcome.PREEMPTED if number + 1 < ATTEMPTS else AttemptOutcome.SUCCEEDED)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def pieces(answer: httpx2.Response) -> Iterator[Piece | str]:
    """Yield pieces as they arrive, and in the end the state that the job has ended with."""
    if answer.headers["content-type"].startswith(LINES):
        for line in answer.iter_lines():
            data = json.loads(line or "{}")
            if data:
                yield data["state"] if data.get("end") else piece_of(data)
        return
    for message in httpx2.EventSource(answer):
        data = json.loads(message.data)
        yield data["state"] if message.event == "end" else piece_of(data)


@pytest.mark.parametrize("accept", [SSE, LINES])
def test_no_line_is_lost_or_doubled_while_it_is_printed_and_the_reader_breaks_off_at_random(
    server: ApiProcess, database: Database, accept: str
) -> None:
    job_id = server.http.post("/jobs", json=COMMAND).json()["id"]
    cuts = random.Random(2)
    seen: list[Piece] = []
    state = None
    connections = 0
    with printing(database):
        while state is None:
            connections += 1
            last = {"Last-Event-ID": seen[-1].id} if seen else {}
            params = {"follow": "true", "limit": 500, "attempt": 1}
            with server.http.stream(
                "GET", f"/jobs/{job_id}/logs", params=params, headers={"Accept": accept, **last}
            ) as answer:
                assert answer.status_code == 200
                left = cuts.randint(1, 12)
                for piece in pieces(answer):
                    if isinstance(piece, str):
                        state = piece
                        break
                    seen.append(piece)
                    left -= 1
                    if left == 0:
                        break
    assert state == "succeeded"
    assert connections > 3
    for attempt in range(1, ATTEMPTS + 1):
        of_it = [piece for piece in seen if piece.attempt == attempt]
        assert b"".join(piece.content for piece in of_it).splitlines(keepends=True) == LINES_PRINTED
        assert all(piece.is_text for piece in of_it)


def test_the_events_of_a_project_go_on_where_a_stream_broke_off(server: ApiProcess, database: Database) -> None:
    seen: list[str] = []
    made: list[str] = []
    with server.http.stream("GET", "/events", headers={"Accept": SSE}) as answer:
        last = answer.headers["trainshed-cursor"]
    for _ in range(4):
        made += [server.http.post("/jobs", json=COMMAND).json()["id"] for _ in range(3)]
        with server.http.stream("GET", "/events", headers={"Accept": SSE, "Last-Event-ID": last}) as answer:
            for message in httpx2.EventSource(answer):
                last = message.id
                seen.append(json.loads(message.data)["job_id"])
                if len(seen) >= len(made) - 1:
                    break  # one is left for the next stream
    assert seen == made[:-1]


def test_a_client_that_goes_away_leaves_nothing_behind(server: ApiProcess) -> None:
    job_id = server.http.post("/jobs", json=COMMAND).json()["id"]
    for path in (f"/jobs/{job_id}/logs?follow=true", "/events"):
        with server.http.stream("GET", path, headers={"Accept": SSE}) as answer:
            assert answer.status_code == 200
        request = path.partition("?")[0]
        wait_until(lambda request=request: f'"/api/v1{request}"' in server.log.read_text(), what="the stream to end")
    assert "Traceback" not in server.log.read_text()
