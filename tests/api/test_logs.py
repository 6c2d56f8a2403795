"""GET /api/v1/jobs/{id}/logs: bytes of one attempt, from any offset, without gap or duplicate."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from db import reports
from db.engine import Database
from db.transitions import Claim
from tests.api.conftest import Api, assert_problem
from tests.factories import claim, end
from trainshed.states import AttemptOutcome

CHUNKS = (b"one\ntwo\n", b"thr", b"ee\n\xff\x00four\n", b"five")
LOG = b"".join(CHUNKS)


def append(database: Database, won: Claim, *chunks: bytes, start: int = 0) -> None:
    for chunk in chunks:
        with database.begin() as conn:
            assert reports.append_log(conn, won.lease, start=start, data=chunk)
        start += len(chunk)


def headers(answer: httpx2.Response) -> tuple[int, int, int, bool]:
    """Attempt, offset, next offset, complete."""
    names = ("attempt", "log-offset", "log-next-offset")
    numbers = [int(answer.headers[f"trainshed-{name}"]) for name in names]
    return numbers[0], numbers[1], numbers[2], answer.headers["trainshed-log-complete"] == "true"


@pytest.fixture
def job_id(api: Api) -> str:
    return api.submit()


@pytest.fixture
def won(api: Api, database: Database, job_id: str) -> Iterator[Claim]:
    """A running attempt that has printed LOG."""
    with database.begin() as conn:
        running = claim(conn)
    append(database, running, *CHUNKS)
    return running


def test_a_job_that_has_not_started_has_an_empty_log(api: Api, job_id: str) -> None:
    answer = api.get(f"/jobs/{job_id}/logs")
    assert (answer.status_code, answer.content, headers(answer)) == (200, b"", (0, 0, 0, False))
    api.post(f"/jobs/{job_id}/cancel")
    assert headers(api.get(f"/jobs/{job_id}/logs")) == (0, 0, 0, True)


def test_the_bytes_come_as_they_were_printed(api: Api, job_id: str, won: Claim) -> None:
    answer = api.get(f"/jobs/{job_id}/logs")
    assert answer.content == LOG
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert headers(answer) == (1, 0, len(LOG), False)


@pytest.mark.parametrize("limit", [1, 3, 7, 1_000])
def test_a_reader_that_goes_on_at_the_next_offset_sees_each_byte_once(
    api: Api, job_id: str, won: Claim, limit: int
) -> None:
    seen, offset = b"", 0
    while offset < len(LOG):
        answer = api.get(f"/jobs/{job_id}/logs", params={"offset": offset, "limit": limit})
        assert headers(answer)[1] == offset
        seen += answer.content
        offset = headers(answer)[2]
    assert seen == LOG


def test_a_log_is_complete_when_its_attempt_is_closed_and_all_was_read(
    api: Api, database: Database, job_id: str, won: Claim
) -> None:
    at_end = {"offset": len(LOG)}
    assert headers(api.get(f"/jobs/{job_id}/logs", params=at_end)) == (1, len(LOG), len(LOG), False)
    with database.begin() as conn:
        end(conn, won)
    assert headers(api.get(f"/jobs/{job_id}/logs", params=at_end)) == (1, len(LOG), len(LOG), True)
    assert not headers(api.get(f"/jobs/{job_id}/logs", params={"limit": 3}))[3]
    append(database, won, b"late", start=len(LOG))
    late = api.get(f"/jobs/{job_id}/logs", params=at_end)
    assert (late.content, headers(late)) == (b"late", (1, len(LOG), len(LOG) + 4, True))


def test_each_attempt_has_its_own_log_and_the_latest_is_the_default(
    api: Api, database: Database, job_id: str, won: Claim
) -> None:
    with database.begin() as conn:
        end(conn, won, AttemptOutcome.PREEMPTED)
        second = claim(conn)
    append(database, second, b"again")
    assert api.get(f"/jobs/{job_id}/logs").content == b"again"
    assert api.get(f"/jobs/{job_id}/logs", params={"attempt": 1}).content == LOG
    assert_problem(api.get(f"/jobs/{job_id}/logs", params={"attempt": 3}), 404, "not_found")


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4, 5, 6, 100])
def test_a_tail_is_the_last_lines(api: Api, job_id: str, won: Claim, lines: int) -> None:
    answer = api.get(f"/jobs/{job_id}/logs", params={"tail": lines})
    expected = b"".join(LOG.splitlines(keepends=True)[-lines:]) if lines else b""
    assert answer.content == expected
    assert headers(answer) == (1, len(LOG) - len(expected), len(LOG), False)


def test_a_line_break_at_the_end_begins_no_line(api: Api, database: Database, job_id: str, won: Claim) -> None:
    append(database, won, b"\n", start=len(LOG))
    assert api.get(f"/jobs/{job_id}/logs", params={"tail": 1}).content == b"five\n"


def test_a_tail_has_no_more_bytes_than_the_limit(api: Api, job_id: str, won: Claim) -> None:
    answer = api.get(f"/jobs/{job_id}/logs", params={"tail": 100, "limit": 6})
    assert (answer.content, headers(answer)[1]) == (LOG[-6:], len(LOG) - 6)


def test_an_offset_beyond_the_end_is_refused_with_the_size(api: Api, job_id: str, won: Claim) -> None:
    answer = api.get(f"/jobs/{job_id}/logs", params={"offset": len(LOG) + 1})
    assert assert_problem(answer, 416, "range_not_satisfiable")["facts"] == {"size": len(LOG)}


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    "params",
    [
        {"attempt": 0},
        {"attempt": 2**31},
        {"offset": -1},
        {"offset": 2**63},
        {"limit": 0},
        {"tail": -1},
        {"offset": 0, "tail": 1},
    ],
)
def test_a_range_that_is_none_is_refused(api: Api, job_id: str, params: dict[str, int]) -> None:
    assert_problem(api.get(f"/jobs/{job_id}/logs", params=params), 422, "request_invalid")
