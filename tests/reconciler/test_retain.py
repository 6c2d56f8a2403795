"""Policies are carried out, to the letter and no further."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from db import blobs, deletion, reports, retention
from db.engine import Database
from db.leases import Lease
from db.reports import MadeFile, Point
from db.retention import Policy, Rule
from reconciler import retain
from reconciler.compact import Compactor
from reconciler.retain import Counts, Retainer
from storage import FolderStore
from tests.factories import PROJECT, claim, end, make_project, submit

DAY_S = 86_400.0
A, LOG = "a" * 64, "c" * 64


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def finished(database: Database, *, days_ago: float, project_id: str = PROJECT, chunks: int = 1) -> str:
    """A job that left a log, a metric and a file."""
    with database.begin() as conn:
        submit(conn, project_id=project_id)
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", 1, 1.0)])
        for number in range(chunks):
            reports.append_log(conn, won.lease, start=number, data=b"x")
        blobs.touch(conn, A, 100)
        reports.add_artifacts(conn, won.lease, [MadeFile("model", A, 100, "text/plain")])
        end(conn, won)
        moved = {"id": won.lease.job_id, "s": days_ago * DAY_S}
        conn.execute(text("UPDATE job SET finished_at = finished_at - :s WHERE id = :id"), moved)
    return won.lease.job_id


def keep(database: Database, project_id: str = PROJECT, **rules: Rule) -> None:
    with database.begin() as conn:
        retention.set_policy(conn, project_id, Policy(**rules))


def run(database: Database) -> Counts:
    return Retainer(database).run_once()


def jobs(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.execute(text("SELECT id FROM job ORDER BY finished_at")).scalars())


def with_logs(database: Database) -> list[str]:
    with database.read() as conn:
        rows = conn.execute(text("SELECT id FROM job ORDER BY finished_at")).scalars().all()
        return [job_id for job_id in rows if retention.has_logs(conn, job_id)]


def with_artifacts(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.execute(text("SELECT DISTINCT job_id FROM artifact ORDER BY job_id")).scalars())


def test_without_a_policy_nothing_goes(database: Database) -> None:
    finished(database, days_ago=10_000)
    assert run(database) == Counts(0, 0, 0, 0)
    keep(database)
    assert run(database) == Counts(0, 0, 0, 0)


def test_jobs_past_their_age_go_with_all_they_left(database: Database) -> None:
    finished(database, days_ago=31)
    young = finished(database, days_ago=29)
    with database.begin() as conn:
        waits = submit(conn)
    keep(database, jobs=Rule(age_s=30 * DAY_S))
    assert run(database) == Counts(1, 0, 0, 0)
    assert set(jobs(database)) == {young, waits}
    assert (with_logs(database), with_artifacts(database)) == ([young], [young])


def test_of_the_finished_jobs_the_latest_are_kept(database: Database) -> None:
    ids = [finished(database, days_ago=days) for days in (5, 4, 3, 2)]
    keep(database, jobs=Rule(count=2))
    assert run(database).jobs == 2
    assert jobs(database) == ids[2:]
    assert run(database).jobs == 0


def test_each_limit_counts_where_both_are_given(database: Database) -> None:
    ids = [finished(database, days_ago=days) for days in (50, 40, 2, 1)]
    keep(database, jobs=Rule(age_s=45 * DAY_S, count=3))
    assert run(database).jobs == 1
    keep(database, jobs=Rule(age_s=30 * DAY_S, count=3))
    assert run(database).jobs == 1
    keep(database, jobs=Rule(age_s=30 * DAY_S, count=1))
    assert run(database).jobs == 1
    assert jobs(database) == ids[3:]


def test_a_count_of_zero_keeps_none_and_a_larger_one_than_there_are_all(database: Database) -> None:
    finished(database, days_ago=1)
    keep(database, jobs=Rule(count=2))
    assert run(database).jobs == 0
    keep(database, jobs=Rule(count=0))
    assert run(database).jobs == 1


def test_a_policy_concerns_its_own_project_alone(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn, "prj_other")
    finished(database, days_ago=100)
    others = finished(database, days_ago=100, project_id="prj_other")
    keep(database, jobs=Rule(count=0))
    assert run(database).jobs == 1
    assert jobs(database) == [others]


def test_what_an_unfinished_job_needs_stays_with_its_artifacts(database: Database) -> None:
    needed = finished(database, days_ago=100)
    with database.begin() as conn:
        child = submit(conn, needs=(needed,))
    keep(database, jobs=Rule(count=0), artifacts=Rule(count=0))
    assert run(database) == Counts(0, 0, 0, 0)
    assert with_artifacts(database) == [needed]
    assert child in jobs(database)


def test_what_was_passed_over_is_looked_at_again_after_some_hours(database: Database) -> None:
    clock = Clock()
    retainer = Retainer(database, clock=clock)
    needed = finished(database, days_ago=100)
    with database.begin() as conn:
        child = submit(conn, needs=(needed,))
    keep(database, jobs=Rule(age_s=50 * DAY_S))
    assert retainer.run_once().jobs == 0
    with database.begin() as conn:
        conn.execute(text("UPDATE job SET state = 'queued', queued_at = 0 WHERE id = :id"), {"id": child})
        end(conn, claim(conn))
    clock.now += 7 * 3600
    assert retainer.run_once().jobs == 1
    assert jobs(database) == [child]


def test_logs_go_and_the_rest_stays(database: Database) -> None:
    old, young = finished(database, days_ago=10), finished(database, days_ago=1)
    keep(database, logs=Rule(age_s=5 * DAY_S))
    assert run(database) == Counts(0, 1, 0, 0)
    assert with_logs(database) == [young]
    assert with_artifacts(database) == sorted([old, young])
    assert jobs(database) == [old, young]


def test_a_compacted_log_goes_from_the_list_and_nothing_names_its_blob(database: Database) -> None:
    job_id = finished(database, days_ago=10)
    compacted(database, job_id)
    keep(database, logs=Rule(count=0))
    assert run(database).logs == 1
    with database.read() as conn:
        assert conn.execute(text("SELECT path FROM artifact")).scalars().all() == ["model"]
        row = conn.execute(text("SELECT log_bytes, log_sha256 FROM attempt")).one()
    assert tuple(row) == (1, None)  # a reader is told that it was removed


def compacted(database: Database, job_id: str) -> None:
    with database.begin() as conn:
        blobs.touch(conn, LOG, 1)
        conn.execute(text("DELETE FROM log_chunk WHERE job_id = :id"), {"id": job_id})
        conn.execute(text("UPDATE attempt SET log_sha256 = :log WHERE job_id = :id"), {"id": job_id, "log": LOG})
        listed = "INSERT INTO artifact VALUES (:id, 'logs/attempt-1.log', :log, 'text/plain', 1, 0)"
        conn.execute(text(listed), {"id": job_id, "log": LOG})


def test_bytes_that_come_after_a_log_was_removed_go_too(database: Database, tmp_path: Path) -> None:
    job_id = finished(database, days_ago=10)
    keep(database, logs=Rule(count=0))
    assert run(database).logs == 1
    with database.begin() as conn:
        assert reports.append_log(conn, Lease(job_id, 1, "wrk_a"), start=1, data=b"late")
    assert Compactor(database, FolderStore(tmp_path), quiet_s=0).run_once().logs == 0
    assert run(database).logs == 1
    assert with_logs(database) == []


def test_a_long_log_goes_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_CHUNKS", 3)
    finished(database, days_ago=10, chunks=10)
    keep(database, logs=Rule(count=0))
    assert run(database).logs == 1
    assert with_logs(database) == []
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM log_chunk")).scalar_one() == 0


def test_artifacts_go_and_logs_that_are_listed_stay(database: Database) -> None:
    job_id = finished(database, days_ago=10)
    compacted(database, job_id)
    before = version(database, job_id)
    keep(database, artifacts=Rule(count=0))
    assert run(database) == Counts(0, 0, 1, 0)
    with database.read() as conn:
        assert conn.execute(text("SELECT path FROM artifact")).scalars().all() == ["logs/attempt-1.log"]
    assert version(database, job_id) == before + 1
    assert run(database) == Counts(0, 0, 0, 0)


def version(database: Database, job_id: str) -> int:
    with database.read() as conn:
        found: int = conn.execute(text("SELECT version FROM job WHERE id = :id"), {"id": job_id}).scalar_one()
    return found


def test_a_run_does_a_bounded_piece_of_work_and_the_next_one_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retain, "_BATCH", 2)
    for _ in range(5):
        finished(database, days_ago=10)
    keep(database, logs=Rule(count=0))
    retainer = Retainer(database)
    assert [retainer.run_once().logs for _ in range(4)] == [2, 2, 1, 0]


def test_a_run_that_took_its_time_stops_and_the_next_one_goes_on(database: Database) -> None:
    for _ in range(3):
        finished(database, days_ago=10)
    keep(database, jobs=Rule(count=0))
    clock = Clock()

    class Slow(Retainer):
        def _remove_job(self, job_id: str) -> bool:
            clock.now += 4.0
            return super()._remove_job(job_id)

    retainer = Slow(database, clock=clock)
    assert [retainer.run_once().jobs for _ in range(3)] == [2, 1, 0]


def test_what_was_deleted_and_left_much_is_erased(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "MOST_ROWS", 2)
    finished(database, days_ago=10)
    keep(database, jobs=Rule(count=0))
    assert run(database) == Counts(1, 0, 0, 1)
    assert jobs(database) == []
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM metric_point")).scalar_one() == 0


def test_two_copies_at_once_remove_each_job_once(database: Database) -> None:
    for _ in range(12):
        finished(database, days_ago=10)
    keep(database, jobs=Rule(count=2))
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(run(database).jobs)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 10
    assert len(jobs(database)) == 2
