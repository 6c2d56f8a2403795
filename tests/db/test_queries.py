"""What the control plane reads, on both databases: exact values, own project alone, few statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from db import reports
from db.engine import Database
from db.queries.job_pages import JobFilter, JobSort, list_jobs
from db.queries.jobs import get_job, get_marks, lock_state
from db.queries.logs import log_offset_since, read_log
from db.queries.parents import lock_parents
from db.reports import Point
from tests.factories import PROJECT, claim, end, make_project, submit
from trainshed.ids import new_id
from trainshed.states import JobState


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)
        make_project(conn, "prj_other")


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the text of the statements that are run."""
    seen: list[str] = []

    def note(conn: object, cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            seen.append(statement)

    event.listen(database.reader, "before_cursor_execute", note)
    yield seen
    event.remove(database.reader, "before_cursor_execute", note)


def test_a_job_that_never_ran_is_read_with_one_statement_and_any_other_with_three(database: Database) -> None:
    with database.begin() as conn:
        parents = sorted(submit(conn) for _ in range(2))
        child = submit(conn, needs=tuple(parents))
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", 1, 0.1 + 0.2), Point("b", 1, 1e-300)])
    for job_id, expected in [(child, 1), (won.lease.job_id, 3)]:
        with statements(database) as seen, database.read() as conn:
            details = get_job(conn, PROJECT, job_id)
        assert details is not None
        assert len(seen) == expected
    assert details.metrics == {"b": 1e-300, "loss": 0.1 + 0.2}
    assert [attempt.number for attempt in details.attempts] == [1]
    with database.read() as conn:
        waiting = get_job(conn, PROJECT, child)
    assert waiting is not None
    assert waiting.depends_on == tuple(parents)
    assert waiting.job.spec["command"] == ["echo", "hello"]


def test_a_job_is_read_within_its_project_alone(database: Database) -> None:
    with database.begin() as conn:
        job_id = submit(conn)
        assert get_job(conn, "prj_other", job_id) is None
        assert lock_state(conn, "prj_other", job_id) is None
        assert lock_state(conn, PROJECT, job_id) is JobState.QUEUED
        assert lock_parents(conn, [job_id])[job_id].project_id == PROJECT
        assert list_jobs(conn, "prj_other", JobFilter(), sort=JobSort.NEWEST, after=None, limit=10).rows == []


def test_a_page_is_one_statement_without_specs(database: Database) -> None:
    with database.begin() as conn:
        made = [submit(conn) for _ in range(4)]
    with statements(database) as seen, database.read() as conn:
        page = list_jobs(conn, PROJECT, JobFilter(), sort=JobSort.NEWEST, after=(made[3],), limit=2)
    assert ([row.id for row in page.rows], page.next_key) == ([made[2], made[1]], (made[1],))
    assert len(seen) == 1
    assert "job.spec" not in seen[0]


def test_marks_of_many_jobs_are_one_statement(database: Database) -> None:
    with database.begin() as conn:
        first, second = submit(conn), submit(conn)
        end(conn, claim(conn))
    with statements(database) as seen, database.read() as conn:
        marks = {row.id: (row.state, row.event_seq) for row in get_marks(conn, [first, second, new_id("job")])}
    assert marks == {first: ("succeeded", 3), second: ("queued", 1)}
    assert len(seen) == 1


def test_a_range_of_a_log_reads_the_chunks_that_it_touches(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        lease = claim(conn).lease
    chunks = [b"0123", b"4567", b"89"]
    start = 0
    for chunk in chunks:
        with database.begin() as conn:
            reports.append_log(conn, lease, start=start, data=chunk)
        start += len(chunk)
    whole = b"".join(chunks)
    with database.read() as conn:
        for offset in range(10):
            for stop in range(offset + 1, 11):
                assert read_log(conn, lease.job_id, 1, offset=offset, stop=stop) == whole[offset:stop]
        assert log_offset_since(conn, lease.job_id, 1, 0.0) == 0
        assert log_offset_since(conn, lease.job_id, 1, 2e10) is None
