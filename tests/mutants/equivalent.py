"""Conditions that may be taken out without any change that could be seen, each with the proof.

They stay in the statements: each move says by itself from which states it goes, whatever else would stop it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from db.checkpoints import _LAST_STEP


class Proof(StrEnum):
    """Why. `test_equivalent.py` holds what they lean on."""

    OWNED = "only a running job has an owner (`ck_job_owner`), and the owner is asked for beside it"
    BEAT_ON = "whatever ends an attempt raises `hb`, which never falls: the heartbeat that was seen does not come again"
    CHOSEN = "the statement itself has just chosen this row for that state, and holds it"
    ASKED_AGAIN = "`settle` locks the row of each that was found, and leaves one alone that is not blocked"
    HELD = "only a blocked job is held (`ck_job_held`), and whether it is held is asked for beside it"
    SAME = "what it writes for other series is what they say already, and that blocks be looked for"
    FOUND = "it only spares a transaction: the move that is made of what it finds asks again"
    FILLED = "a series of another job has a point: it is stored together with its first one"
    NULL = "nothing is later than a time that is NULL"


EQUIVALENT: Final = {
    "db.transitions._CLAIM: state IN ('queued')": Proof.CHOSEN,
    "db.transitions._EXPIRE: state IN ('queued')": Proof.CHOSEN,
    "db.transitions._EXPIRE: queue_timeout_s IS NOT NULL": Proof.NULL,
    "reconciler.expire._LATE: queue_timeout_s IS NOT NULL": Proof.NULL,
    "reconciler.expire._LATE: state = 'queued'": Proof.FOUND,
    "reconciler.expire._LATE: queued_at + queue_timeout_s < (SELECT {now})": Proof.FOUND,
    "db.workers._FORGET: job.state = 'running'": Proof.OWNED,
    "db.transitions._RELEASE[Lease]: state IN ('running')": Proof.OWNED,
    "db.transitions._FINISH[Lease]: state IN ('running')": Proof.OWNED,
    "db.transitions._PAUSE[Lease]: state IN ('running')": Proof.OWNED,
    "db.transitions._DEPENDENTS: job.state = 'blocked'": Proof.ASKED_AGAIN,
    "db.transitions._UNHOLD: state IN ('blocked')": Proof.HELD,
    "db.checkpoints._DROP_SERIES: job_id = :job_id": Proof.FILLED,
    "db.checkpoints._LATEST_OF_SERIES: job_id = :job_id": Proof.SAME,
    "db.checkpoints._LATEST_OF_SERIES: name NOT LIKE 'system/%'": Proof.SAME,
    f"db.checkpoints._LATEST_OF_SERIES: last_step > {_LAST_STEP}": Proof.SAME,
    "db.leases._FENCE: state = 'running'": Proof.OWNED,
    "db.leases._BEAT: state = 'running'": Proof.OWNED,
    "db.leases._REQUESTED: state = 'running'": Proof.OWNED,
    "db.transitions._RELEASE[StaleLease]: attempt = :attempt": Proof.BEAT_ON,
    "db.transitions._RELEASE[StaleLease]: state IN ('running')": Proof.BEAT_ON,
    "db.transitions._FINISH[StaleLease]: attempt = :attempt": Proof.BEAT_ON,
    "db.transitions._FINISH[StaleLease]: state IN ('running')": Proof.BEAT_ON,
    "db.transitions._PAUSE[StaleLease]: attempt = :attempt": Proof.BEAT_ON,
    "db.transitions._PAUSE[StaleLease]: state IN ('running')": Proof.BEAT_ON,
}
