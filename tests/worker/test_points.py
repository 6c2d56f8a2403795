"""Points wait for the database in order, in little memory and little disk, and none is lost without a word."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from sqlalchemy import text

from db import blobs
from db.checkpoints import SavedState, latest_first
from db.engine import Database
from db.reports import Point
from db.transitions import Claim
from tests.factories import claim, make_project, submit
from worker import points
from worker.logs import LogCarrier
from worker.points import PointQueue, PointsLost
from worker.reporter import Reporter


def some(first: int, count: int) -> list[Point]:
    return [Point("train/loss", step, step / 7) for step in range(first, first + count)]


def taken(queue: PointQueue) -> list[Point]:
    found = []
    while batch := queue.first():
        found += batch
        queue.drop(len(batch))
    return found


def test_points_come_out_as_they_went_in_through_memory_and_file(tmp_path: Path) -> None:
    queue = PointQueue(tmp_path / "points", most_in_memory=10)
    for first in range(0, 90_000, 9):
        queue.add(some(first, 9))
    assert len(queue) == 90_000
    assert taken(queue) == some(0, 90_000)
    assert len(queue) == 0
    queue.close()


def test_points_that_come_while_others_are_taken_keep_their_place(tmp_path: Path) -> None:
    queue = PointQueue(tmp_path / "points", most_in_memory=10)
    queue.add(some(0, 25))
    found = queue.first()
    queue.drop(len(found))
    queue.add(some(25, 5))
    queue.add(some(30, 25))
    assert found + taken(queue) == some(0, 55)
    assert (tmp_path / "points").stat().st_size == 0  # room is given back
    queue.close()


def test_few_points_never_touch_the_disk(tmp_path: Path) -> None:
    queue = PointQueue(tmp_path / "points", most_in_memory=10)
    for first in range(100):
        queue.add(some(first, 1))
        queue.drop(len(queue.first()))
    assert not (tmp_path / "points").exists()


def test_more_than_the_limit_is_refused_whole_and_the_others_stay(tmp_path: Path) -> None:
    queue = PointQueue(tmp_path / "points", most_in_memory=10, most_bytes=1000)
    queue.add(some(0, 20))
    with pytest.raises(PointsLost, match="more than 1,000 bytes"):
        queue.add(some(20, 100))
    assert taken(queue) == some(0, 20)
    queue.close()


def test_a_full_disk_is_said() -> None:
    queue = PointQueue(Path("/dev/full"), most_in_memory=10)
    with pytest.raises(PointsLost, match="No space left on device") as raised:
        queue.add(some(0, 20))
    assert isinstance(raised.value.__cause__, OSError)
    assert raised.value.__cause__.errno == errno.ENOSPC
    assert len(queue) == 0
    queue.close()


@pytest.fixture
def won(database: Database) -> Claim:
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        return claim(conn)


def test_what_piled_up_is_written_batch_by_batch_and_a_state_only_behind_its_points(
    database: Database, won: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.points.BATCH", 10)
    monkeypatch.setattr("worker.reporter.BATCH", 10)
    (tmp_path / "log").touch()
    logs = LogCarrier(won.lease, tmp_path / "log")
    queue = PointQueue(tmp_path / "points", most_in_memory=points.BATCH)
    reporter = Reporter(database, won.lease, logs, queue)
    blobs.keep(database, {"f" * 64: 9}, patience_s=0)
    reporter.add_points(some(0, 15))
    reporter.add_states([SavedState(14, "f" * 64, 9)])
    reporter.add_points(some(15, 20))

    written, listed = [], []
    for _ in range(4):
        reporter.flush()
        with database.read() as conn:
            written.append(conn.execute(text("SELECT count(*) FROM metric_point")).scalar_one())
            listed.append(len(latest_first(conn, won.lease.job_id)))
    logs.close()
    queue.close()
    assert written == [10, 20, 30, 35]
    assert listed == [0, 1, 1, 1]
