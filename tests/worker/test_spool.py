"""Many workers on one disk: each folder belongs to one of them, and one that was left behind goes to one other."""

from __future__ import annotations

from pathlib import Path

from db.leases import Lease
from worker import spool
from worker.spool import Spool


def test_the_folder_of_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    one, other = Spool(tmp_path, "wrk_a"), Spool(tmp_path, "wrk_b")
    assert list(other.abandoned()) == []
    one.close()
    other.close()


def test_a_worker_that_just_starts_is_not_taken_for_dead(tmp_path: Path) -> None:
    other = Spool(tmp_path, "wrk_b")
    (tmp_path / ".wrk_a").mkdir()  # made, and not locked yet
    assert list(other.abandoned()) == []
    other.close()


def test_what_a_dead_worker_left_is_handed_out_once_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "wrk_dead" / "job_1.2").mkdir(parents=True)
    one, other = Spool(tmp_path, "wrk_a"), Spool(tmp_path, "wrk_b")
    taken = one.abandoned()
    _, attempts = next(taken)
    assert [attempt.lease for attempt in attempts] == [Lease("job_1", 2, "wrk_dead")]
    assert list(other.abandoned()) == []
    taken.close()
    one.close()
    other.close()


def test_a_folder_that_another_worker_has_just_removed_is_nobodys(tmp_path: Path) -> None:
    assert spool._lock(tmp_path / "gone") is None
