"""GET /api/v1/jobs/{id}/logs: bytes of one attempt, from any offset, without gap or duplicate."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import httpx2
import pytest
from sqlalchemy import delete, update

from api.settings import ApiSettings
from db import blobs, reports
from db.engine import Database
from db.models import Attempt, LogChunk
from db.transitions import Claim
from storage import open_store
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
        {"tail": 1, "since": "1h"},
        {"since": ""},
        {"since": "yesterday"},
        {"since": "2026-01-01T00:00:00"},
        {"since": "2026-13-01T00:00:00Z"},
        {"since": "0001-01-01T00:00:00+99:99"},
        {"since": "9" * 64},
    ],
)
def test_a_range_that_is_none_is_refused(api: Api, job_id: str, params: dict[str, object]) -> None:
    assert_problem(api.get(f"/jobs/{job_id}/logs", params=params), 422, "request_invalid")


# --- since ---

HOUR_S = 3600.0


def age(database: Database, won: Claim, *, hours: list[float]) -> float:
    """Let the chunks be stored so many hours ago; return the time that is now."""
    at = datetime.now(UTC).timestamp()
    starts = [sum(map(len, CHUNKS[:number])) for number in range(len(CHUNKS))]
    with database.begin() as conn:
        for start, ago in zip(starts, hours, strict=True):
            of_it = (LogChunk.job_id == won.lease.job_id) & (LogChunk.start == start)
            conn.execute(update(LogChunk).where(of_it).values(at=at - ago * HOUR_S))
    return at


def test_since_begins_with_the_first_chunk_that_was_stored_then_or_later(
    api: Api, database: Database, job_id: str, won: Claim
) -> None:
    now = age(database, won, hours=[4, 3, 2, 1])
    for ago, first in [("5h", 0), ("3h30m", 1), ("90m", 3), ("1m", 4), ("9999d", 0)]:
        answer = api.get(f"/jobs/{job_id}/logs", params={"since": ago})
        assert answer.content == b"".join(CHUNKS[first:])
        assert headers(answer)[1] == len(b"".join(CHUNKS[:first]))
    here = timezone(timedelta(hours=5, minutes=30))
    for zone in (UTC, here):
        time = datetime.fromtimestamp(now - 2.5 * HOUR_S, zone).isoformat()
        assert api.get(f"/jobs/{job_id}/logs", params={"since": time}).content == b"".join(CHUNKS[2:])
        # A plus sign that was not escaped, as curl sends it.
        assert api.get(f"/jobs/{job_id}/logs?since={time}").content == b"".join(CHUNKS[2:])


# --- compacted ---


def compact(database: Database, settings: ApiSettings, won: Claim) -> str:
    """Put a blob in the place of the chunks; return its digest."""
    blob = open_store(settings.store_url).put_file(io.BytesIO(LOG))
    of_it = (Attempt.job_id == won.lease.job_id) & (Attempt.number == won.lease.attempt)
    with database.begin() as conn:
        assert blobs.touch(conn, blob.digest, blob.size)
        conn.execute(update(Attempt).where(of_it).values(log_sha256=blob.digest))
        conn.execute(delete(LogChunk).where(LogChunk.job_id == won.lease.job_id))
    return blob.digest


@pytest.fixture
def compacted(api: Api, database: Database, settings: ApiSettings, won: Claim) -> str:
    """A finished job whose log is one blob."""
    with database.begin() as conn:
        end(conn, won)
    compact(database, settings, won)
    return won.lease.job_id


def test_a_compacted_log_is_read_as_before(api: Api, compacted: str) -> None:
    for offset in range(len(LOG) + 1):
        answer = api.get(f"/jobs/{compacted}/logs", params={"offset": offset, "limit": 5})
        assert answer.content == LOG[offset : offset + 5]
        expected_end = min(offset + 5, len(LOG))
        assert headers(answer) == (1, offset, expected_end, expected_end == len(LOG))
    answer = api.get(f"/jobs/{compacted}/logs", params={"offset": len(LOG) + 1})
    assert_problem(answer, 416, "range_not_satisfiable")
    for lines in range(7):
        expected = b"".join(LOG.splitlines(keepends=True)[-lines:]) if lines else b""
        assert api.get(f"/jobs/{compacted}/logs", params={"tail": lines}).content == expected


def test_of_a_compacted_log_since_gives_all_or_nothing(api: Api, compacted: str) -> None:
    assert api.get(f"/jobs/{compacted}/logs", params={"since": "1h"}).content == LOG
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = api.get(f"/jobs/{compacted}/logs", params={"since": future})
    assert (answer.content, headers(answer)) == (b"", (1, len(LOG), len(LOG), True))


def test_a_log_that_is_compacted_between_two_looks_is_read_from_the_store(
    api: Api, database: Database, settings: ApiSettings, job_id: str, won: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.begin() as conn:
        end(conn, won)
    looks = []

    def meanwhile(*args: object, **kwargs: object) -> bytes:
        if not looks:
            compact(database, settings, won)
        looks.append(args)
        return b""  # what a reader finds whose chunks were deleted a moment ago

    monkeypatch.setattr("db.queries.logs.read_log", meanwhile)
    assert api.get(f"/jobs/{job_id}/logs").content == LOG
    assert len(looks) == 1


def test_a_log_that_was_removed_is_not_found(api: Api, database: Database, job_id: str, won: Claim) -> None:
    with database.begin() as conn:
        end(conn, won)
        conn.execute(delete(LogChunk).where(LogChunk.job_id == job_id))
    assert_problem(api.get(f"/jobs/{job_id}/logs"), 404, "not_found")
