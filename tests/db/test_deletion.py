"""A finished job is deleted whole, in a short transaction however much it left, and never while it is needed."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from db import blobs, deletion, reports
from db.deletion import delete_job, erase_piece, first_discarded
from db.engine import Database, open_database
from db.queries.jobs import get_state
from db.reports import MadeFile, Point
from db.transitions import Claim
from tests.factories import PROJECT, claim, end, make_project, submit
from trainshed.states import AttemptOutcome

EVERYTHING = ("job", "attempt", "event", "metric_series", "metric_point", "log_chunk", "artifact", "dependency")


@pytest.fixture(autouse=True)
def project(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)


def finished(database: Database, *, points: int = 1) -> str:
    """A job with a bit of everything."""
    with database.begin() as conn:
        submit(conn)
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", step, 1.0) for step in range(points)])
        reports.append_log(conn, won.lease, start=0, data=b"hello\n")
        blobs.touch(conn, "a" * 64, 1)
        reports.add_artifacts(conn, won.lease, [MadeFile("model", "a" * 64, 1, "text/plain")])
        end(conn, won)
    return won.lease.job_id


def delete(database: Database, job_id: str) -> bool:
    with database.begin() as conn:
        return delete_job(conn, job_id)


def left(database: Database) -> dict[str, int]:
    with database.read() as conn:
        counts = {table: conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in EVERYTHING}
    return {table: count for table, count in counts.items() if count}


def test_a_finished_job_goes_with_all_that_belongs_to_it(database: Database) -> None:
    job_id = finished(database)
    assert set(left(database)) == set(EVERYTHING) - {"dependency"}
    assert delete(database, job_id)
    assert left(database) == {}
    assert not delete(database, job_id)


def test_a_job_that_has_not_finished_stays(database: Database) -> None:
    with database.begin() as conn:
        submit(conn)
        running = claim(conn).lease.job_id
        queued = submit(conn)
    assert not delete(database, running)
    assert not delete(database, queued)
    assert left(database)["job"] == 2


def test_a_job_stays_as_long_as_an_unfinished_one_needs_it(database: Database) -> None:
    parent = finished(database)
    with database.begin() as conn:
        child = submit(conn, needs=(parent,))
        conn.execute(text("UPDATE job SET state = 'queued', queued_at = 0 WHERE id = :id"), {"id": child})
    assert not delete(database, parent)
    with database.begin() as conn:
        end(conn, claim(conn))
    assert delete(database, parent)
    assert left(database)["job"] == 1
    assert delete(database, child)
    assert left(database) == {}


def test_a_child_goes_before_its_parent_too(database: Database) -> None:
    parent = finished(database)
    with database.begin() as conn:
        child = submit(conn, needs=(parent,))
        conn.execute(text("UPDATE job SET state = 'queued', queued_at = 0 WHERE id = :id"), {"id": child})
        end(conn, claim(conn), AttemptOutcome.CANCELLED)
    assert delete(database, child)
    assert delete(database, parent)
    assert left(database) == {}


def test_who_is_submitting_a_job_that_needs_it_comes_first(database: Database, database_url: str) -> None:
    """The submit holds the row of the parent; the delete waits for its commit, and then sees the child."""
    parent = finished(database)
    other = open_database(database_url, patience_s=10)
    deleted: list[bool] = []
    thread = threading.Thread(target=lambda: deleted.append(delete(other, parent)))
    with database.begin() as conn:
        lock = "" if database.dialect == "sqlite" else "FOR SHARE"
        conn.execute(text(f"SELECT state FROM job WHERE id = :id {lock}"), {"id": parent})
        thread.start()
        thread.join(0.3)
        assert deleted == []
        submit(conn, needs=(parent,))
    thread.join(10)
    assert deleted == [False]
    other.close()


# --- much ---


def test_a_job_that_left_much_is_out_of_sight_at_once_and_erased_in_pieces(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "MOST_ROWS", 50)
    job_id = finished(database, points=120)
    small = finished(database)
    assert delete(database, job_id)
    with database.read() as conn:
        assert get_state(conn, PROJECT, job_id) is None
        assert get_state(conn, PROJECT, small) is not None
        assert first_discarded(conn) == job_id
    pieces = 0
    done = False
    while not done:
        with database.begin() as conn:
            done = erase_piece(conn, job_id)
        pieces += 1
    assert pieces > 1
    with database.read() as conn:
        assert first_discarded(conn) is None
        assert get_state(conn, PROJECT, small) is not None
    assert left(database)["metric_point"] == 1


def test_a_job_with_a_long_log_is_erased_in_pieces_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "MOST_CHUNKS", 2)
    with database.begin() as conn:
        submit(conn)
        won: Claim = claim(conn)
        for number in range(5):
            reports.append_log(conn, won.lease, start=number, data=b"x")
        end(conn, won)
    assert delete(database, won.lease.job_id)
    with database.begin() as conn:
        assert first_discarded(conn) == won.lease.job_id
        while not erase_piece(conn, won.lease.job_id):
            pass
    assert left(database) == {}


def test_a_job_with_a_million_points_is_deleted_within_a_second_and_so_is_each_piece(database: Database) -> None:
    job_id = finished(database)
    many = """
        INSERT INTO metric_point (series_id, step, value, attempt, at)
        WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000000)
        SELECT (SELECT id FROM metric_series), n, 1.0, 1, 0.0 FROM number
    """
    patient = open_database(database.writer.url.render_as_string(hide_password=False), patience_s=60)
    with patient.begin() as conn:
        conn.execute(text(many))
    patient.close()
    assert _seconds(lambda: delete(database, job_id)) < 1.0
    with database.read() as conn:
        assert get_state(conn, PROJECT, job_id) is None

    def erase() -> None:
        with database.begin() as conn:
            erase_piece(conn, job_id)

    assert max(_seconds(erase) for _ in range(3)) < 1.0


def _seconds(action: object) -> float:
    began = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - began
