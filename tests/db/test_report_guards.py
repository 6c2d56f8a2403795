"""Situations in which one condition of a statement alone keeps a report from being written. See `make mutants`."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import IntegrityError

from db import reports
from db.engine import Database
from db.leases import Lease
from db.reports import Point
from db.transitions import Claim
from tests.factories import claim, end, make_project, submit
from trainshed.states import AttemptOutcome

_LATE = "INSERT INTO log_chunk (job_id, attempt, start, data, at) VALUES (:job, :attempt, :start, :data, 0)"


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def row_of(conn: Connection, job_id: str) -> Row[Any]:
    return conn.execute(text("SELECT * FROM job WHERE id = :id"), {"id": job_id}).one()


def two_attempts(conn: Connection) -> tuple[Claim, Claim]:
    """Claims of one job, of which the first was superseded."""
    submit(conn)
    first = claim(conn)
    end(conn, first, AttemptOutcome.PREEMPTED)
    return first, claim(conn)


def test_the_start_of_a_superseded_attempt_is_refused(database: Database) -> None:
    """Callers `fence`, so that it does not come to this."""
    with database.begin() as conn:
        first, _ = two_attempts(conn)
    with pytest.raises(IntegrityError, match="event"), database.begin() as conn:
        reports.started(conn, first.lease, message="It runs.", facts={})


def test_a_start_that_is_told_after_the_end_is_refused(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        end(conn, won)
    with pytest.raises(IntegrityError, match="event"), database.begin() as conn:
        reports.started(conn, won.lease, message="It runs.", facts={})


def test_what_a_job_reports_changes_no_other_job(database: Database) -> None:
    with database.begin() as conn:
        other = submit(conn)
        submit(conn, priority=1)
        won = claim(conn)
        before = row_of(conn, other)
        reports.progress(conn, won.lease, {"fraction": 0.5})
        reports.add_points(conn, won.lease, [Point("loss", 1, 0.5)])
        assert row_of(conn, other) == before


def test_a_point_of_a_superseded_attempt_does_not_replace_one_of_the_next(database: Database) -> None:
    with database.begin() as conn:
        first, second = two_attempts(conn)
        for lease, value in ((second.lease, 0.25), (first.lease, 0.5)):
            reports.add_points(conn, lease, [Point("loss", 1, value)])
        assert conn.execute(text("SELECT value FROM metric_point")).all() == [(0.25,)]


def test_what_came_late_for_a_compacted_log_ends_where_its_own_chunks_do(database: Database) -> None:
    """Neither those of another job or attempt count, nor those that the log has in it already."""
    with database.begin() as conn:
        _, other = two_attempts(conn)
        first, second = two_attempts(conn)
        lease = second.lease
        compact(conn, lease, size=4)
        for job, attempt, start in (
            (lease.job_id, 2, 0),
            (other.lease.job_id, 2, 5),
            (lease.job_id, first.lease.attempt, 6),
        ):
            conn.execute(text(_LATE), {"job": job, "attempt": attempt, "start": start, "data": b"xx"})
        assert reports.stored_log_bytes(conn, lease) == 4
        assert reports.append_log(conn, lease, start=4, data=b"late")
        assert reports.stored_log_bytes(conn, lease) == 8


def test_only_the_worker_of_an_attempt_learns_how_much_of_its_log_is_stored(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        lease = claim(conn).lease
        assert reports.stored_log_bytes(conn, lease) == 0
        assert reports.stored_log_bytes(conn, Lease(lease.job_id, lease.attempt, "wrk_b")) is None


def compact(conn: Connection, lease: Lease, *, size: int) -> None:
    """Say that the first `size` bytes of a log are in a blob."""
    conn.execute(text("INSERT INTO blob (sha256, size, created_at) VALUES ('aa', :size, 0)"), {"size": size})
    conn.execute(
        text("UPDATE attempt SET log_sha256 = 'aa', log_bytes = :size WHERE job_id = :job AND number = :attempt"),
        {"size": size, "job": lease.job_id, "attempt": lease.attempt},
    )
