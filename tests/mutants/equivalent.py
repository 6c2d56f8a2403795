"""Conditions that may be taken out without any change that could be seen, each with the proof.

They stay in the statements: each move says by itself from which states it goes, whatever else would stop it.
"""

from __future__ import annotations

from typing import Final

_OWNED: Final = "only a running job has an owner (`ck_job_owner`), and the owner is asked for beside it"
_BEAT_ON: Final = (
    "whatever ends an attempt raises `hb`, which never falls: the heartbeat that was seen is not there again"
)
_CHOSEN: Final = "the statement itself has just chosen this row for that state, and holds it"

EQUIVALENT: Final = {
    "db.transitions._CLAIM: state IN ('queued')": _CHOSEN,
    "db.transitions._EXPIRE: state IN ('queued')": _CHOSEN,
    "db.transitions._EXPIRE: queue_timeout_s IS NOT NULL": "nothing is later than a time that is NULL",
    "reconciler.expire._LATE: queue_timeout_s IS NOT NULL": "nothing is later than a time that is NULL",
    "db.transitions._RELEASE[Lease]: state IN ('running')": _OWNED,
    "db.transitions._FINISH[Lease]: state IN ('running')": _OWNED,
    "db.leases._FENCE: state = 'running'": _OWNED,
    "db.leases._BEAT: state = 'running'": _OWNED,
    "db.leases._REQUESTED: state = 'running'": _OWNED,
    "db.transitions._RELEASE[StaleLease]: attempt = :attempt": _BEAT_ON,
    "db.transitions._RELEASE[StaleLease]: state IN ('running')": _BEAT_ON,
    "db.transitions._FINISH[StaleLease]: attempt = :attempt": _BEAT_ON,
    "db.transitions._FINISH[StaleLease]: state IN ('running')": _BEAT_ON,
}
