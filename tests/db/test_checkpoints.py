"""Where a training goes on, and what it drops when it does."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from db import blobs, checkpoints, garbage, reports
from db.blobs import GRACE_S, BlobsLost
from db.checkpoints import Origin, SavedState
from db.engine import Database
from db.reports import Point
from db.transitions import Claim
from tests.factories import claim, end, make_project, submit
from trainshed.series import SYSTEM_CPU
from trainshed.states import AttemptOutcome

A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def won(database: Database) -> Claim:
    with database.begin() as conn:
        make_project(conn)
        for digest in (A, B, C):
            blobs.touch(conn, digest, 9)
        submit(conn, kind="train")
        return claim(conn)


def save(database: Database, won: Claim, step: int, digest: str, *, keep_last: int = 2) -> None:
    with database.begin() as conn:
        checkpoints.add(conn, won.lease, SavedState(step, digest, 9), keep_last=keep_last)


def again(database: Database, won: Claim) -> Claim:
    with database.begin() as conn:
        end(conn, won, AttemptOutcome.PREEMPTED)
        return claim(conn)


def steps(database: Database, won: Claim) -> list[int]:
    with database.read() as conn:
        return [state.step for state in checkpoints.latest_first(conn, won.lease.job_id)]


def points(database: Database, won: Claim) -> list[tuple[str, int]]:
    with database.read() as conn:
        rows = conn.execute(
            text("SELECT name, step FROM metric_point JOIN metric_series ON id = series_id WHERE job_id = :id"),
            {"id": won.lease.job_id},
        )
        return sorted((row.name, row.step) for row in rows)


def test_the_latest_checkpoints_are_kept_and_come_first(database: Database, won: Claim) -> None:
    for step, digest in ((10, A), (20, B), (30, C)):
        save(database, won, step, digest)
    assert steps(database, won) == [30, 20]


def test_a_checkpoint_of_another_job_lets_none_of_this_one_go(database: Database, won: Claim) -> None:
    with database.begin() as conn:
        submit(conn, kind="train")
        other = claim(conn)
    save(database, other, 100, A, keep_last=1)
    save(database, won, 10, B, keep_last=1)
    assert (steps(database, won), steps(database, other)) == ([10], [100])


def test_a_later_attempt_comes_first_even_when_it_went_back(database: Database, won: Claim) -> None:
    save(database, won, 20, A)
    save(database, won, 30, B)
    second = again(database, won)
    save(database, second, 25, C)
    assert steps(database, second) == [25, 30]


def test_a_checkpoint_listed_again_is_the_same_one(database: Database, won: Claim) -> None:
    save(database, won, 10, A)
    save(database, won, 10, A)
    assert steps(database, won) == [10]


def test_a_checkpoint_keeps_its_bytes_from_collection(database: Database, won: Claim) -> None:
    save(database, won, 10, A)
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :seconds"), {"seconds": GRACE_S + 1})
        marked = garbage.mark(conn, "0", "g", limit=10)
    assert sorted(each.sha256 for each in marked) == [B, C]


def test_bytes_that_are_being_taken_away_make_no_checkpoint(database: Database, won: Claim) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE blob SET deleting = TRUE"))
    with pytest.raises(BlobsLost):
        save(database, won, 10, A)
    assert steps(database, won) == []


def test_checkpoints_that_nobody_will_resume_are_let_go(database: Database, won: Claim) -> None:
    save(database, won, 10, A)
    with database.begin() as conn:
        checkpoints.drop(conn, won.lease.job_id)
    assert steps(database, won) == []


def test_points_beyond_the_origin_are_dropped_and_the_rest_stays(database: Database, won: Claim) -> None:
    reported = [Point("train/loss", step, step / 8) for step in (1, 2, 3, 4)]
    reported += [Point("epoch/train_loss", epoch, 0.5) for epoch in (1, 2)] + [Point("late", 4, 1.0)]
    reported += [Point(SYSTEM_CPU, 60, 0.25)]
    with database.begin() as conn:
        reports.add_points(conn, won.lease, reported)
    second = again(database, won)
    assert len(points(database, second)) == 8

    with database.begin() as conn:
        checkpoints.drop_points_beyond(conn, second.lease.job_id, Origin(step=2, epoch=1))

    kept = [("epoch/train_loss", 1), (SYSTEM_CPU, 60), ("train/loss", 1), ("train/loss", 2)]
    assert points(database, second) == kept
    with database.read() as conn:
        latest = conn.execute(text("SELECT name, last_step, last_value FROM metric_series ORDER BY name")).all()
    assert [tuple(row) for row in latest] == [
        ("epoch/train_loss", 1, 0.5),
        (SYSTEM_CPU, 60, 0.25),
        ("train/loss", 2, 0.25),
    ]


def test_an_attempt_from_the_beginning_drops_all_points(database: Database, won: Claim) -> None:
    with database.begin() as conn:
        reports.add_points(conn, won.lease, [Point("train/loss", 1, 0.5), Point("epoch/train_loss", 1, 0.5)])
        checkpoints.drop_points_beyond(conn, won.lease.job_id, Origin(step=0, epoch=0))
    assert points(database, won) == []
