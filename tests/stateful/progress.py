"""A training goes on where an earlier attempt stood: states of it are listed, and points beyond it dropped."""

from __future__ import annotations

from hypothesis import strategies as st
from sqlalchemy import Connection

from db import checkpoints, leases
from db.checkpoints import Origin, SavedState
from db.leases import Lease
from tests.stateful.rules import Rules, holds, move
from tests.stateful.shed import STATES


class Progress(Rules):
    """What only trainings do."""

    @move(lease=Rules.leases, step=st.integers(1, 9), digest=st.sampled_from(STATES), keep_last=st.integers(1, 2))
    def save(self, lease: Lease, step: int, digest: str, keep_last: int) -> None:
        seen = self.shed.seen
        if seen.jobs[lease.job_id].kind != "train":
            return

        def write(conn: Connection) -> bool:
            if leases.fence(conn, lease) is None:
                return False
            checkpoints.add(conn, lease, SavedState(step, digest, 9), keep_last=keep_last)
            return True

        saved = self.do_as(lease, write)
        assert saved == holds(seen.jobs[lease.job_id], lease)
        if saved:
            listed = {key for key in seen.checkpoints if key[0] == lease.job_id} | {(lease.job_id, lease.attempt, step)}
            kept = {key for key in self.shed.seen.checkpoints if key[0] == lease.job_id}
            assert kept == set(sorted(listed)[-keep_last:])

    @move(lease=Rules.leases, step=st.integers(0, 4), epoch=st.integers(0, 4))
    def go_on(self, lease: Lease, step: int, epoch: int) -> None:
        seen = self.shed.seen
        if seen.jobs[lease.job_id].kind != "train":
            return

        def write(conn: Connection) -> bool:
            if leases.fence(conn, lease) is None:
                return False
            checkpoints.drop_points_beyond(conn, lease.job_id, Origin(step, epoch))
            return True

        if self.do_as(lease, write):
            reached = {"loss": step, "accuracy": step, "epoch/loss": epoch}
            expected = {
                key: point
                for key, point in seen.points.items()
                if key[0] != lease.job_id or point.step <= reached[point.series]
            }
            assert self.shed.seen.points == expected
