"""What must be true of a platform that was left in peace until all its work was done."""

from __future__ import annotations

from collections.abc import Mapping

from db.engine import Database
from db.queries.invariants import INVARIANTS, list_broken
from tests.sim.child import Deeds
from tests.sim.commit import Violation
from tests.sim.snapshot import Snapshot, Witness
from trainshed.series import is_system
from trainshed.states import TERMINAL_STATES


def check_end(
    database: Database,
    witness: Witness,
    *,
    acknowledged: Mapping[str, str],
    deeds: Mapping[tuple[str, int], Deeds],
) -> None:
    """Raise `Violation` unless each acknowledged job is there once, has ended, and kept what it printed and said."""
    seen = witness.look()
    for job in seen.jobs.values():
        _demand(job.state in TERMINAL_STATES, f"{job.id} has not ended: {job}")
    for name, job_id in acknowledged.items():
        made = [job.id for job in seen.jobs.values() if job.name == name]
        _demand(made == [job_id], f"{name} was acknowledged as {job_id}, and made {made}")
    for (job_id, attempt), done in deeds.items():
        stored, printed = witness.log_of(job_id, attempt), bytes(done.printed)
        _demand(stored == printed, f"{job_id} {attempt} printed {printed!r}, kept {stored!r}")
    _check_points(seen, deeds)
    with database.read() as conn:
        for invariant in INVARIANTS:
            broken = list_broken(conn, invariant, limit=1)
            _demand(not broken, f"{broken}: {invariant.message}")


def _check_points(seen: Snapshot, deeds: Mapping[tuple[str, int], Deeds]) -> None:
    for job in seen.jobs.values():
        if job.state == "succeeded":
            kept = {
                key[1:]: row.value for key, row in seen.points.items() if key[0] == job.id and not is_system(key[1])
            }
            reported = deeds[job.id, job.attempt].points
            _demand(kept == reported, f"{job.id} reported {reported}, kept {kept}")


def _demand(holds: object, otherwise: str) -> None:
    if not holds:
        raise Violation(otherwise)
