"""GET /api/v1/jobs/{id}/logs?follow=true: each byte once and in order, wherever a reader breaks off and goes on."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from api.operations.log_follow import _whole_characters
from api.settings import ApiSettings
from db import blobs, reports
from db.engine import Database
from db.models import Attempt, LogChunk
from db.transitions import Claim
from storage import open_store
from tests.api.conftest import Api, assert_problem
from tests.api.streaming import LINES, SSE, Piece, log_pieces, opened, tail_of
from tests.factories import claim, end
from tests.servers import wait_until
from trainshed.ids import new_id
from trainshed.states import AttemptOutcome

text = st.text(alphabet="ab\n\r\u2028\x85\0äß€\U0001f600", max_size=12).map(str.encode)
chunk = st.one_of(text, st.binary(max_size=8), text.map(lambda whole: whole[: len(whole) // 2]))
attempts = st.lists(st.lists(chunk.filter(bool), max_size=6), min_size=1, max_size=3)


def print_out(database: Database, won: Claim, *chunks: bytes, start: int = 0) -> None:
    for data in chunks:
        with database.begin() as conn:
            assert reports.append_log(conn, won.lease, start=start, data=data)
        start += len(data)


def run(api: Api, database: Database, printed: list[list[bytes]]) -> str:
    """Run a job in as many attempts as there are lists of chunks; return it finished."""
    job_id = api.submit()
    for number, chunks in enumerate(printed, start=1):
        with database.begin() as conn:
            won = claim(conn)
        print_out(database, won, *chunks)
        with database.begin() as conn:
            end(conn, won, AttemptOutcome.SUCCEEDED if number == len(printed) else AttemptOutcome.PREEMPTED)
    return job_id


def follow(
    api: Api, job_id: str, *, accept: str = SSE, last: str | None = None, **params: object
) -> tuple[list[Piece], str | None]:
    headers = {"Accept": accept} | ({} if last is None else {"Last-Event-ID": last})
    answer = api.get(f"/jobs/{job_id}/logs", params={"follow": "true", **params}, headers=headers)
    assert answer.status_code == 200, answer.text
    return log_pieces(answer)


def logs_of(pieces: list[Piece]) -> dict[int, bytes]:
    """Put pieces together by attempt. Checks that each goes on where the one before it ended."""
    logs: dict[int, bytes] = {}
    for piece in pieces:
        assert piece.offset == len(logs.get(piece.attempt, b""))
        assert piece.next_offset == piece.offset + len(piece.content)
        logs[piece.attempt] = logs.get(piece.attempt, b"") + piece.content
    assert list(logs) == sorted(logs)
    return logs


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(printed=attempts, limit=st.integers(1, 9), data=st.data())
def test_no_byte_is_lost_or_doubled_by_a_follower_that_goes_on_wherever_he_broke_off(
    api: Api, database: Database, printed: list[list[bytes]], limit: int, data: st.DataObject
) -> None:
    job_id = run(api, database, printed)
    expected = {number: b"".join(chunks) for number, chunks in enumerate(printed, start=1) if any(chunks)}
    seen: list[Piece] = []
    state = None
    last: str | None = None
    while state is None:
        accept = data.draw(st.sampled_from([SSE, LINES]), label="accept")
        pieces, state = follow(api, job_id, accept=accept, last=last, attempt=1, limit=limit)
        kept = data.draw(st.integers(1, len(pieces)), label="pieces until the cut") if pieces else 0
        if kept < len(pieces):
            pieces, state = pieces[:kept], None
        seen += pieces
        last = seen[-1].id if seen else None
    assert (logs_of(seen), state) == (expected, "succeeded")
    for number, whole in expected.items():
        of_it = [piece for piece in seen if piece.attempt == number]
        assert all(piece.is_text for piece in of_it) or not is_text(whole)


def is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_follower_may_go_on_at_every_single_byte(api: Api, database: Database) -> None:
    printed = [["ä€\n".encode(), b"x"], [b"\xff\xfe", "😀".encode()]]
    job_id = run(api, database, printed)
    logs = [b"".join(chunks) for chunks in printed]
    for number, whole in enumerate(logs, start=1):
        for offset in range(len(whole) + 1):
            for accept in (SSE, LINES):
                pieces, state = follow(api, job_id, accept=accept, last=f"{number}:{offset}")
                sent = b"".join(piece.content for piece in pieces)
                assert (sent, state) == (whole[offset:] + b"".join(logs[number:]), "succeeded")


@given(st.text(alphabet="aä€\U0001f600", min_size=1), st.integers(4, 12))
def test_no_character_is_cut_in_two(whole: str, most: int) -> None:
    left = whole.encode()
    while left:
        piece = _whole_characters(left[:most])
        assert piece.decode()
        left = left[len(piece) :]


@pytest.mark.parametrize("data", [b"", b"a", b"\x80\x80\x80\x80", b"a\x80", b"\xff", "ä".encode()])
def test_bytes_that_begin_no_character_are_not_held_back(data: bytes) -> None:
    assert _whole_characters(data) == (b"" if data == b"\xff" else data)


def test_the_latest_attempt_is_the_default_and_its_end_may_be_enough(api: Api, database: Database) -> None:
    job_id = run(api, database, [[b"first\n"], [b"one\ntwo\nthree\n"]])
    assert logs_of(follow(api, job_id)[0]) == {2: b"one\ntwo\nthree\n"}
    for params, expected in [({"tail": 2}, b"two\nthree\n"), ({"offset": 4}, b"two\nthree\n"), ({"since": "0s"}, b"")]:
        pieces, state = follow(api, job_id, **params)
        assert (b"".join(piece.content for piece in pieces), state) == (expected, "succeeded")
    pieces, _ = follow(api, job_id, attempt=1, tail=0)
    assert [(piece.attempt, piece.content) for piece in pieces] == [(2, b"one\ntwo\nthree\n")]


def test_a_job_that_never_began_ends_at_once(api: Api) -> None:
    job_id = api.submit()
    api.post(f"/jobs/{job_id}/cancel")
    assert follow(api, job_id) == ([], "cancelled")


def test_what_is_printed_comes_as_it_is_stored_over_attempts_until_the_end(api: Api, database: Database) -> None:
    job_id = api.submit()
    with opened(api, f"/jobs/{job_id}/logs", params={"follow": "true"}) as asked:
        wait_until(lambda: tail_of(api).watching == 1, what="the stream to stand")
        with database.begin() as conn:
            first = claim(conn)
        euro = "€\n".encode()
        print_out(database, first, b"one\n", euro[:1], euro[1:])
        with database.begin() as conn:
            end(conn, first, AttemptOutcome.PREEMPTED)
            second = claim(conn)
        print_out(database, second, b"two \xe2")
        with database.begin() as conn:
            end(conn, second)
        pieces, state = log_pieces(asked.result(30))
    assert (logs_of(pieces), state) == ({1: b"one\n" + euro, 2: b"two \xe2"}, "succeeded")
    assert [piece.is_text for piece in pieces if piece.attempt == 1] == [True] * len(pieces[:-2])
    assert (pieces[-1].content, pieces[-1].is_text) == (b"\xe2", False)


def test_late_bytes_of_a_lost_worker_come_before_the_end(api: Api, database: Database) -> None:
    job_id = api.submit(retry={"budget": {"worker_lost": 0}})
    with database.begin() as conn:
        won = claim(conn)
    print_out(database, won, b"before, ")
    with opened(api, f"/jobs/{job_id}/logs", params={"follow": "true"}) as asked:
        wait_until(lambda: tail_of(api).watching == 1, what="the stream to stand")
        with database.begin() as conn:
            end(conn, won, AttemptOutcome.WORKER_LOST)
        print_out(database, won, b"late", start=8)
        pieces, state = log_pieces(asked.result(30))
    assert (logs_of(pieces), state) == ({1: b"before, late"}, "failed")


def test_an_old_end_of_a_lost_worker_is_not_waited_for(api: Api, database: Database) -> None:
    job_id = api.submit(retry={"budget": {"worker_lost": 0}})
    with database.begin() as conn:
        won = claim(conn)
        end(conn, won, AttemptOutcome.WORKER_LOST)
        conn.execute(update(Attempt).values(ended_at=Attempt.ended_at - 60))
    answer = api.get(f"/jobs/{job_id}/logs", params={"follow": "true"})
    assert log_pieces(answer) == ([], "failed")
    assert answer.elapsed.total_seconds() < 2


def test_a_log_that_is_compacted_while_it_is_followed_goes_on_from_the_store(
    api: Api, database: Database, settings: ApiSettings
) -> None:
    job_id = run(api, database, [["ä".encode() * 40, b"\nend"]])
    whole = "ä".encode() * 40 + b"\nend"
    blob = open_store(settings.store_url).put_file(io.BytesIO(whole))
    begun, _ = follow(api, job_id, limit=30)
    with database.begin() as conn:
        assert blobs.touch(conn, blob.digest, blob.size)
        conn.execute(update(Attempt).values(log_sha256=blob.digest))
        conn.execute(delete(LogChunk))
    rest, state = follow(api, job_id, last=begun[0].id, limit=7)
    assert (logs_of([begun[0], *rest]), state) == ({1: whole}, "succeeded")
    assert all(piece.is_text for piece in rest)


def test_a_log_that_was_removed_is_passed_over(api: Api, database: Database) -> None:
    job_id = run(api, database, [[b"first"], [b"second"]])
    with database.begin() as conn:
        conn.execute(delete(LogChunk).where(LogChunk.attempt == 1))
    pieces, state = follow(api, job_id, attempt=1)
    assert ([(piece.attempt, piece.content) for piece in pieces], state) == ([(2, b"second")], "succeeded")


def test_a_stream_ends_without_an_end_when_its_job_is_gone(api: Api, database: Database) -> None:
    job_id = api.submit()
    with opened(api, f"/jobs/{job_id}/logs", params={"follow": "true"}) as asked:
        wait_until(lambda: tail_of(api).watching == 1, what="the stream to stand")
        with database.begin() as conn:
            conn.exec_driver_sql("DELETE FROM job")
        assert log_pieces(asked.result(30)) == ([], None)


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("last", ["x", "1", "1:", ":1", "0:0", "1:-1", f"{2**31}:0", f"1:{2**63}", "1:1 ", "\u0661:1"])
def test_a_place_that_is_none_is_refused(api: Api, last: str) -> None:
    job_id = api.submit()
    headers = {"Last-Event-ID": last.encode()}
    answer = api.get(f"/jobs/{job_id}/logs", params={"follow": "true"}, headers=headers)
    assert_problem(answer, 422, "request_invalid")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_cannot_be_followed_is_refused_before_the_stream(api: Api, database: Database) -> None:
    job_id = run(api, database, [[b"abc"]])
    params = {"follow": "true"}
    beyond = {"Last-Event-ID": "1:4"}
    assert_problem(api.get(f"/jobs/{job_id}/logs", params=params, headers=beyond), 416, "range_not_satisfiable")
    assert_problem(api.get(f"/jobs/{job_id}/logs", params={**params, "attempt": 2}), 404, "not_found")
    assert_problem(api.get(f"/jobs/{job_id}/logs", params=params, as_="other"), 404, "not_found")
    assert_problem(api.get(f"/jobs/{new_id('job')}/logs", params=params), 404, "not_found")


def test_pieces_follow_one_another_in_the_order_of_attempts(api: Api, database: Database) -> None:
    job_id = run(api, database, [[b"a" * 10], [], [b"c" * 10]])
    pieces, _ = follow(api, job_id, attempt=1, limit=4)
    places = [(piece.attempt, piece.offset) for piece in pieces]
    assert all(before < after for before, after in pairwise(places))
    assert {attempt for attempt, _ in places} == {1, 3}
