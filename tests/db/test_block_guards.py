"""Blocks go where their points change or go, and nowhere else."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from db import blocks, checkpoints, reports
from db.blocks import DUE, NOTHING, SIZE
from db.checkpoints import Origin
from db.deletion import MOST_ROWS, delete_job, erase_piece
from db.engine import Database
from db.reports import Point
from db.transitions import Claim
from tests.factories import claim, end, make_project, submit
from trainshed.series import SYSTEM_CPU
from trainshed.states import AttemptOutcome

ALL = list(range(SIZE, DUE + 1, SIZE))


@pytest.fixture
def both(database: Database) -> tuple[Claim, Claim]:
    """Two trainings, each with two series of four blocks."""
    with database.begin() as conn:
        make_project(conn)
        submit(conn, kind="train")
        submit(conn, kind="train")
        both = claim(conn), claim(conn)
        for won in both:
            for name in ("loss", "accuracy"):
                reports.add_points(conn, won.lease, [Point(name, step, step / 8) for step in range(1, DUE + 1)])
    return both


def ends(database: Database, won: Claim, series: str) -> list[int]:
    """Return where the blocks of a series end."""
    with database.read() as conn:
        found = conn.execute(
            text("""SELECT metric_block.last_step FROM metric_block JOIN metric_series ON id = series_id
                WHERE job_id = :job_id AND name = :name ORDER BY metric_block.last_step"""),
            {"job_id": won.lease.job_id, "name": series},
        )
        return list(found.scalars())


def test_where_a_point_comes_late_the_blocks_of_its_series_are_dropped_from_there_on(
    database: Database, both: tuple[Claim, Claim]
) -> None:
    with database.begin() as conn:
        series = "SELECT id, sealed_step, fresh FROM metric_series WHERE job_id = :job_id AND name = 'loss'"
        grown = blocks.Growth(*conn.execute(text(series), {"job_id": both[0].lease.job_id}).one())
        blocks.reopen(conn, grown, step=2 * SIZE)
    assert ends(database, both[0], "loss") == [SIZE]
    assert ends(database, both[0], "accuracy") == ALL
    assert ends(database, both[1], "loss") == ALL


def test_a_resumed_attempt_drops_the_blocks_of_its_job_that_reach_beyond_its_origin(
    database: Database, both: tuple[Claim, Claim]
) -> None:
    with database.begin() as conn:
        checkpoints.drop_points_beyond(conn, both[0].lease.job_id, Origin(step=3 * SIZE - 1, epoch=0))
    for series in ("loss", "accuracy"):
        assert ends(database, both[0], series) == [SIZE, 2 * SIZE]
        assert ends(database, both[1], series) == ALL


def test_a_resumed_attempt_keeps_the_blocks_of_what_its_worker_measured(
    database: Database, both: tuple[Claim, Claim]
) -> None:
    with database.begin() as conn:
        reports.add_points(conn, both[0].lease, [Point(SYSTEM_CPU, step, 1.0) for step in range(1, DUE + 1)])
        checkpoints.drop_points_beyond(conn, both[0].lease.job_id, Origin(step=0, epoch=0))
    assert ends(database, both[0], SYSTEM_CPU) == ALL


def test_after_a_resume_each_series_knows_where_its_own_blocks_end(
    database: Database, both: tuple[Claim, Claim]
) -> None:
    job_id = both[0].lease.job_id
    with database.begin() as conn:
        reports.add_points(conn, both[0].lease, [Point("sparse", step, 1.0) for step in (1, DUE)])
        checkpoints.drop_points_beyond(conn, job_id, Origin(step=3 * SIZE - 1, epoch=0))
        sealed = text("SELECT name, sealed_step FROM metric_series WHERE job_id = :job_id")
        found = {row.name: row.sealed_step for row in conn.execute(sealed, {"job_id": job_id})}
    assert found == {"loss": 2 * SIZE, "accuracy": 2 * SIZE, "sparse": NOTHING}


def test_an_attempt_that_begins_again_has_no_blocks_of_the_one_before(database: Database) -> None:
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        won = claim(conn)
        reports.add_points(conn, won.lease, [Point("loss", step, 1.0) for step in range(DUE)])
        end(conn, won, AttemptOutcome.PREEMPTED)
        claim(conn)
    assert ends(database, won, "loss") == []


def test_a_deleted_job_leaves_no_block(database: Database, both: tuple[Claim, Claim]) -> None:
    with database.begin() as conn:
        reports.add_points(conn, both[0].lease, [Point("long", step, 1.0) for step in range(MOST_ROWS)])
        end(conn, both[0])
        assert delete_job(conn, both[0].lease.job_id)
    with database.begin() as conn:
        while not erase_piece(conn, both[0].lease.job_id):
            pass
        left = conn.execute(text("SELECT count(*) FROM metric_block")).scalar_one()
    assert left == 2 * len(ALL)
