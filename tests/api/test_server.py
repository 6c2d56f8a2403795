"""The API as a real process: many at once, bodies without end, streams, and servers behind it that freeze."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from db.engine import Database
from db.migrate import upgrade
from tests.api.conftest import COMMAND
from tests.api.process import ApiProcess
from tests.factories import claim, end
from tests.servers import PostgresServer, ValkeyServer, wait_until

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def server(tmp_path: Path, database_url: str, valkey: ValkeyServer) -> Iterator[ApiProcess]:
    started = ApiProcess(tmp_path, database_url=database_url, broker_url=valkey.url)
    yield started
    started.stop()


def test_a_hundred_submits_at_once_with_one_key_make_one_job_and_get_one_answer(server: ApiProcess) -> None:
    barrier = threading.Barrier(100)

    def submit(_: int) -> httpx2.Response:
        barrier.wait()
        return server.http.post("/jobs", json=COMMAND, headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(submit, range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(server.http.get("/jobs").json()["items"]) == 1


# --- bodies without end ---

_GIGABYTES_5 = 5 * 2**30


def send_without_end(sock: socket.socket, head: bytes, piece: bytes) -> None:
    """Send 5 GB, or as much as the server lets us."""
    try:
        sock.sendall(head)
        for _ in range(_GIGABYTES_5 // len(piece)):
            sock.sendall(piece)
    except OSError:
        return


def read_answer(sock: socket.socket) -> tuple[int, dict[str, object]]:
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith(b"}"):
        received += sock.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_of_five_gigabytes_is_refused_early_and_takes_no_memory(server: ApiProcess, chunked: bool) -> None:
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {_GIGABYTES_5}"
    head = (
        f"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {server.key}\r\n"
        f"Content-Type: application/json\r\n{length}\r\n\r\n"
    ).encode()
    piece = b" " * 2**20
    before = server.peak_memory()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sock:
        sender = threading.Thread(
            target=send_without_end, args=(sock, head, b"100000\r\n" + piece + b"\r\n" if chunked else piece)
        )
        sender.start()
        status, problem = read_answer(sock)
        assert (status, problem["code"]) == (413, "body_too_large")
        sender.join(30)
        assert not sender.is_alive(), "the server went on listening"
    assert server.peak_memory() - before < 32 * 2**20
    assert server.http.get("/jobs").status_code == 200


# --- streams ---


@contextmanager
def stream(server: ApiProcess, job_id: str, last: str = "0") -> Iterator[Iterator[tuple[str, str]]]:
    """Yield (id, event) of what a stream sends after the event `last`."""
    with server.http.stream("GET", f"/jobs/{job_id}/events", headers={**STREAM, "Last-Event-ID": last}) as answer:
        assert answer.status_code == 200
        yield ((message.id or "", message.event) for message in httpx2.EventSource(answer))


def test_a_stream_tells_what_happens_and_goes_on_where_it_broke_off(server: ApiProcess, database: Database) -> None:
    job_id = server.http.post("/jobs", json=COMMAND).json()["id"]
    with stream(server, job_id) as events:
        assert next(events) == ("1", "submit")
        with database.begin() as conn:
            won = claim(conn)
        assert next(events) == ("2", "claim")
    with database.begin() as conn:
        end(conn, won)
    with stream(server, job_id, last="2") as events:
        assert [event for _, event in events] == ["finish", "end"]


def test_sigterm_ends_streams_and_long_polls_and_the_process(server: ApiProcess) -> None:
    job_id = server.http.post("/jobs", json=COMMAND).json()["id"]
    with ThreadPoolExecutor() as pool, stream(server, job_id) as events:
        assert next(events) == ("1", "submit")
        waiting = pool.submit(server.http.get, f"/jobs/{job_id}", params={"wait": "60s"})
        wait_until(lambda: not waiting.done(), what="the long poll")
        exit_code = server.terminate()
        assert list(events) == []
        answered = waiting.exception(timeout=30) is None
        assert not answered or waiting.result().json()["state"] == "queued"
    assert exit_code == 0
    assert "exceeded" not in server.log.read_text()


# --- what is behind it freezes ---


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_submit_does_not_wait_for_a_broker_that_froze_or_is_gone(tmp_path: Path, database_url: str) -> None:
    broker = ValkeyServer(tmp_path / "valkey")
    broker.start()
    server = ApiProcess(tmp_path, database_url=database_url, broker_url=broker.url)
    try:
        assert server.http.post("/jobs", json=COMMAND).status_code == 202
        broker.freeze()
        for _ in range(20):
            assert server.http.post("/jobs", json=COMMAND, timeout=3).status_code == 202
        broker.stop()
        assert server.http.post("/jobs", json=COMMAND, timeout=3).status_code == 202
    finally:
        server.stop()
        broker.stop()


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_database_that_froze_is_answered_503_in_time_and_served_again_when_it_thaws(
    server_folder: Path, tmp_path: Path, valkey: ValkeyServer, dialect: str
) -> None:
    postgres = PostgresServer(server_folder / "frozen")
    postgres.start()
    postgres.execute("CREATE DATABASE trainshed")
    upgrade(postgres.url("trainshed"))
    server = ApiProcess(tmp_path, database_url=postgres.url("trainshed"), broker_url=valkey.url)
    try:
        job_id = server.http.post("/jobs", json=COMMAND).json()["id"]
        postgres.freeze()
        paths = [f"/jobs/{job_id}", f"/jobs/{job_id}?wait=30s", "/jobs", "/workers"] * 10
        with ThreadPoolExecutor(41) as pool:
            asked = [pool.submit(server.http.get, path, timeout=10) for path in paths]
            asked.append(pool.submit(server.http.post, "/jobs", json=COMMAND, timeout=10))
            answers = [answer.result() for answer in asked]
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["code"] for answer in answers} == {"unavailable"}
        assert {answer.headers["retry-after"] for answer in answers} == {"2"}
        assert max(answer.elapsed.total_seconds() for answer in answers) < 10
        postgres.thaw()
        wait_until(lambda: server.http.get(f"/jobs/{job_id}").status_code == 200, what="the database to serve again")
        assert [job["id"] for job in server.http.get("/jobs").json()["items"]] == [job_id]
    finally:
        server.stop()
        postgres.stop()


# --- secrets ---


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_no_key_is_in_any_log_line_or_error(server: ApiProcess) -> None:
    secret = server.key.split("_")[2]
    texts = [
        server.http.get(f"/jobs?token={server.key}").text,
        server.http.get("/jobs", headers={"Authorization": f"Basic {server.key}"}).text,
        server.http.get("/jobs", headers={"Authorization": f"Bearer {server.key}x"}).text,
        server.http.post("/jobs", content=b"{", headers={"Content-Type": server.key}).text,
        server.http.get("/jobs", headers={"X-Request-ID": f"{server.key}!"}).text,
    ]
    server.terminate()
    log = server.log.read_text()
    assert "http.request" in log
    assert secret not in log
    for text in texts[1:3]:
        assert secret not in text
