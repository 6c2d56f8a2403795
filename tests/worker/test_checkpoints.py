"""States of training on their way to the store and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db import blobs, checkpoints, reports
from db.checkpoints import Origin, SavedState
from db.engine import Database
from db.reports import Point
from db.transitions import Claim
from storage import FolderStore
from tests.factories import claim, end, make_project, submit
from trainshed.states import AttemptOutcome
from worker.checkpoints import CheckpointCarrier, fetched_states
from worker.logs import LogCarrier
from worker.points import PointQueue
from worker.protocol import Saved
from worker.reporter import Reporter, Superseded


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def won(database: Database) -> Claim:
    with database.begin() as conn:
        make_project(conn)
        submit(conn, kind="train")
        return claim(conn)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoints"
    path.mkdir()
    return path


@pytest.fixture
def carrier(folder: Path, won: Claim, database: Database, store: FolderStore) -> Iterator[CheckpointCarrier]:
    made = CheckpointCarrier(folder, won.lease, database=database, store=store)
    yield made
    made.finish()


@pytest.fixture
def reporter(database: Database, won: Claim, tmp_path: Path) -> Iterator[Reporter]:
    (tmp_path / "log").touch()
    logs = LogCarrier(won.lease, tmp_path / "log")
    yield Reporter(database, won.lease, logs, PointQueue(tmp_path / "points"), keep_states=2)
    logs.close()


def save(folder: Path, step: int) -> Saved:
    (folder / f"step-{step}").write_bytes(f"state {step}".encode())
    return Saved(step=step, name=f"step-{step}")


def steps(database: Database, won: Claim) -> list[int]:
    with database.read() as conn:
        return [state.step for state in checkpoints.latest_first(conn, won.lease.job_id)]


def test_what_is_announced_is_stored_and_the_last_one_always_is(
    carrier: CheckpointCarrier, folder: Path, store: FolderStore
) -> None:
    for step in range(1, 20):
        carrier.announce(save(folder, step))
    stored = carrier.finish()
    assert [state.step for state in stored] == sorted({state.step for state in stored})
    assert stored[-1].step == 19
    assert b"".join(store.open(stored[-1].sha256)) == b"state 19"


def test_what_a_job_has_not_written_itself_is_not_stored(carrier: CheckpointCarrier, folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    (folder / "folder").mkdir()
    for name in ("link", "folder", "missing"):
        carrier.announce(Saved(step=1, name=name))
    carrier.announce(save(folder, 2))
    assert [state.step for state in carrier.finish()] == [2]


@pytest.mark.parametrize("name", ["../log", "a/b", ".hidden", "", "\0"])
def test_a_name_leads_nowhere_else(name: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Saved(step=1, name=name)


def stored(database: Database, store: FolderStore, tmp_path: Path, step: int) -> SavedState:
    (tmp_path / "bytes").write_bytes(f"state {step}".encode())
    blob = store.put_file(tmp_path / "bytes")
    blobs.keep(database, {blob.digest: blob.size}, patience_s=0)
    return SavedState(step, blob.digest, blob.size)


def test_a_checkpoint_is_listed_together_with_the_points_before_it(
    database: Database, won: Claim, reporter: Reporter, store: FolderStore, tmp_path: Path
) -> None:
    reporter.add_points([Point("loss", 1, 0.5)])
    reporter.add_states([stored(database, store, tmp_path, 1)])
    with database.begin() as conn:  # the attempt was superseded meanwhile
        end(conn, won, AttemptOutcome.PREEMPTED)
    with pytest.raises(Superseded):
        reporter.flush()
    assert steps(database, won) == []


def test_a_new_attempt_drops_what_lies_beyond_its_origin_before_it_reports(
    database: Database, won: Claim, reporter: Reporter
) -> None:
    with database.begin() as conn:
        reports.add_points(conn, won.lease, [Point("loss", step, 1.0) for step in (1, 2, 3)])
    reporter.begun(Origin(step=1, epoch=0), warnings=("threads was 1 and is 2",))
    reporter.add_points([Point("loss", 2, 0.5)])
    reporter.flush()
    with database.read() as conn:
        values = conn.execute(text("SELECT step, value FROM metric_point ORDER BY step")).all()
        facts = conn.execute(text("SELECT facts FROM attempt")).scalar_one()
    assert [tuple(row) for row in values] == [(1, 1.0), (2, 0.5)]
    assert "threads was 1 and is 2" in str(facts)


def test_bytes_that_are_not_kept_any_more_make_no_checkpoint_and_no_harm(
    database: Database, won: Claim, reporter: Reporter
) -> None:
    reporter.add_points([Point("loss", 1, 0.5)])
    reporter.add_states([SavedState(1, "f" * 64, 9)])
    reporter.flush()
    assert steps(database, won) == []
    with database.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM metric_point")).scalar_one() == 1


def test_the_latest_state_that_the_store_still_has_comes_first(
    database: Database, won: Claim, store: FolderStore, tmp_path: Path
) -> None:
    states = [stored(database, store, tmp_path, step) for step in (1, 2, 3)]
    with database.begin() as conn:
        for state in states:
            checkpoints.add(conn, won.lease, state, keep_last=3)
    store.delete(states[2].sha256)
    (tmp_path / "inputs").mkdir()
    paths = fetched_states(won.lease.job_id, tmp_path / "inputs", database=database, store=store)
    assert [path.read_bytes() for path in paths] == [b"state 2", b"state 1"]
