"""The moves of a job: the only place where `job.state` is written.

One function for each transition of `trainshed.states`, one guarded UPDATE in each; `None` means that the race was lost
and nothing was written. Each move appends its event in the same transaction. Nothing here commits.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, insert

from db import claim_rules
from db.bulk import BulkInsert
from db.clock import read_clock
from db.leases import LEASE_S, Lease
from db.models import DatasetUse, Dependency, Event, Job
from db.models.base import Json
from db.sql import Statement
from trainshed import states
from trainshed.states import Actor, AttemptOutcome, JobState, Reason, Transition


@dataclass(frozen=True, slots=True)
class By:
    """Who moves a job: kind of actor, and which one."""

    actor: Actor
    cause: str


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be made. Sizes in bytes, times in seconds."""

    id: str
    project_id: str
    created_by: str
    kind: str
    name: str
    labels: dict[str, str]
    spec: dict[str, Any]
    priority: int
    pool: str
    cpus: float | None
    memory_bytes: int | None
    gpus: int
    queue_timeout_s: float | None
    needs: tuple[str, ...] = ()
    retry_of: str | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a worker has free, and what it can do."""

    worker_id: str
    worker_name: str
    pool: str
    cpus: float
    memory_bytes: int
    gpus: int
    slot_cpus: float
    """What a job that names no cpus takes."""
    runs_commands: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that was won, with all its worker needs to run it."""

    lease: Lease
    project_id: str
    kind: str
    spec: dict[str, Any]
    cpus: float | None
    memory_bytes: int | None
    gpus: int
    queued_at: float
    started_at: float
    """When its first attempt began."""
    claimed_at: float
    waited_s: float
    """For how long it could have been claimed."""
    more: bool
    """Whether more work waits in the pool."""


@dataclass(frozen=True, slots=True)
class StaleLease:
    """A lease whose heartbeat stood still at `hb`. It may be taken away as long as that is so."""

    job_id: str
    attempt: int
    hb: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended: one value that `db.outcomes` turns into one move."""

    outcome: AttemptOutcome
    message: str
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float | None = None
    max_memory_bytes: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that happened."""

    state: JobState
    woken_pools: frozenset[str] = frozenset()
    """Pools in which a job became claimable by it."""
    delay_s: float = 0.0
    """How long a job that went back to the queue must wait."""


_GUARDS: Final = {Lease: "owner = :owner", StaleLease: "hb = :hb"}


def _sources(transition: Transition) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in sorted(transition.sources)) + ")"


# Every move raises the number of the latest event and the version that readers see.
_COUNT: Final = "event_seq = event_seq + 1, version = version + 1"
_LEAVE_WORKER: Final = "owner = NULL, lease_expires_at = NULL, request = NULL, hb = hb + 1"

_RECORD: Final = Statement("""
    INSERT INTO event (txid, job_id, seq, type, state, reason, message, actor, cause, attempt, at)
    SELECT {txid}, id, event_seq, :type, state, reason, message, :actor, :cause, attempt, {now}
    FROM job WHERE id = :job_id
""")


def record(conn: Connection, job_id: str, type_: str, by: By) -> None:
    """Append the event of a change that has just raised `event_seq` of the job in this transaction."""
    _RECORD.run(conn, job_id=job_id, type=type_, actor=by.actor.value, cause=by.cause)


# --- submit ---

_NEW_JOBS: Final = BulkInsert(
    Job,
    (
        *("id", "project_id", "created_by", "kind", "name", "labels", "spec", "created_at"),
        *("state", "reason", "message", "event_seq", "version", "held", "priority", "pool"),
        *("cpus", "memory_bytes", "gpus", "not_before", "queued_at", "queue_timeout_s", "hinted_at"),
        *("attempt", "hb", "retry_of"),
    ),
)
_SUBMITTED: Final = BulkInsert(
    Event,
    ("job_id", "state", "reason", "message", "actor", "cause", "at"),
    txid="{txid}",
    seq="1",
    type=f"'{states.SUBMIT.name}'",
    attempt="0",
)


@dataclass(frozen=True, slots=True)
class NewRow:
    """A job that is about to be made: its row by column, what it needs, and who makes it."""

    values: dict[str, Any]
    needs: tuple[str, ...]
    by: By
    reads: tuple[tuple[str, int], ...] = ()
    """Identifiers and versions of datasets."""


def submit(conn: Connection, job: NewJob, by: By, *, blocked: bool) -> None:
    """Make a job: `blocked` when something it needs has not finished yet, otherwise `queued`."""
    submit_all(conn, [prepare(job, by, blocked=blocked, now=read_clock(conn))])


def submit_all(conn: Connection, rows: Sequence[NewRow]) -> None:
    """Make many jobs with a handful of statements."""
    _NEW_JOBS.run(conn, [row.values for row in rows])
    needs = [{"job_id": row.values["id"], "needs_id": needed} for row in rows for needed in row.needs]
    if needs:
        conn.execute(insert(Dependency), needs)
    reads = [
        {"job_id": row.values["id"], "dataset_id": dataset_id, "version": version}
        for row in rows
        for dataset_id, version in dict.fromkeys(row.reads)
    ]
    if reads:
        conn.execute(insert(DatasetUse), reads)
    _SUBMITTED.run(conn, [_first_event(row) for row in rows])


def _first_event(row: NewRow) -> dict[str, Any]:
    return {
        "job_id": row.values["id"],
        "state": row.values["state"],
        "reason": row.values["reason"],
        "message": row.values["message"],
        "actor": row.by.actor.value,
        "cause": row.by.cause,
        "at": row.values["created_at"],
    }


def prepare(job: NewJob, by: By, *, blocked: bool, now: float, reads: tuple[tuple[str, int], ...] = ()) -> NewRow:
    """Return the row of a job that is made at the time `now` of the database, and reads versions of datasets."""
    state = JobState.BLOCKED if blocked else JobState.QUEUED
    assert states.SUBMIT.allows(None, state)
    values = {
        "id": job.id,
        "project_id": job.project_id,
        "created_by": job.created_by,
        "kind": job.kind,
        "name": job.name,
        "labels": job.labels,
        "spec": job.spec,
        "created_at": now,
        "state": state.value,
        "reason": (Reason.WAITING_FOR_DEPENDENCY if blocked else Reason.WAITING_FOR_CAPACITY).value,
        "message": _waits_for(job.needs) if blocked else "Waits for a free worker.",
        "event_seq": 1,
        "version": 1,
        "held": False,
        "priority": job.priority,
        "pool": job.pool,
        "cpus": job.cpus,
        "memory_bytes": job.memory_bytes,
        "gpus": job.gpus,
        "not_before": now,
        "queued_at": None if blocked else now,
        "queue_timeout_s": job.queue_timeout_s,
        "hinted_at": now,
        "attempt": 0,
        "hb": 0,
        "retry_of": job.retry_of,
    }
    return NewRow(values, job.needs, by, reads)


def _waits_for(needs: Sequence[str]) -> str:
    return f"Waits for {', '.join(needs)} to succeed."


# --- claim ---

_CLAIM: Final = Statement(
    f"""
    WITH best AS {{materialized}} (
        SELECT id AS best_id FROM job
        WHERE {claim_rules.given(":")}
        ORDER BY {claim_rules.ORDER} LIMIT 1 {{skip_locked}}
    )
    UPDATE job SET state = 'running', reason = 'starting', message = :message, attempt = attempt + 1, owner = :owner,
        lease_expires_at = {{now}} + :lease_s, hb = hb + 1, request = NULL, progress = NULL,
        started_at = COALESCE(started_at, {{now}}), {_COUNT}
    FROM best WHERE id = best_id AND {_sources(states.CLAIM)}
    RETURNING id, project_id, kind, spec, cpus, memory_bytes, gpus, attempt, queued_at, not_before, started_at,
        {{now}} AS claimed_at
""",
    spec=Json,
)
_OPEN_ATTEMPT: Final = Statement("""
    INSERT INTO attempt
        (job_id, number, worker_id, worker_name, outcome, message, charged, started_at, log_bytes, facts)
    VALUES (:job_id, :attempt, :worker_id, :worker_name, 'running', '', FALSE, :at, 0, '{}')
""")
_GOES_ON: Final = "train"
"""The kind of job that says where it goes on when it starts, and drops points then (`db.checkpoints`)."""
_DROP_POINTS: Final = Statement("""
    DELETE FROM metric_point WHERE series_id IN (
        SELECT id FROM metric_series WHERE job_id = :job_id AND name NOT LIKE 'system/%')
""")
_DROP_SERIES: Final = Statement("DELETE FROM metric_series WHERE job_id = :job_id AND name NOT LIKE 'system/%'")
_MORE: Final = Statement("""
    SELECT EXISTS (SELECT 1 FROM job WHERE state = 'queued' AND pool = :pool AND not_before <= {now})
""")


def work_waits(conn: Connection, pool: str) -> bool:
    """Whether anything in the pool may be claimed now. Writes nothing."""
    return bool(_MORE.run(conn, pool=pool).scalar_one())


def claim(conn: Connection, capacity: Capacity) -> Claim | None:
    """Win the best runnable job of the pool that fits, as a new attempt with a lease. None: nothing fits."""
    row = _CLAIM.run(
        conn,
        pool=capacity.pool,
        slot_cpus=capacity.slot_cpus,
        cpus=capacity.cpus,
        memory_bytes=capacity.memory_bytes,
        gpus=capacity.gpus,
        runs_commands=capacity.runs_commands,
        owner=capacity.worker_id,
        message=f"Starts on {capacity.worker_name}.",
        lease_s=LEASE_S,
    ).one_or_none()
    if row is None:
        return None
    _OPEN_ATTEMPT.run(
        conn,
        job_id=row.id,
        attempt=row.attempt,
        worker_id=capacity.worker_id,
        worker_name=capacity.worker_name,
        at=row.claimed_at,
    )
    if row.attempt > 1 and row.kind != _GOES_ON:
        # The new attempt begins again, and each step has one value: what the old one reported goes.
        _DROP_POINTS.run(conn, job_id=row.id)
        _DROP_SERIES.run(conn, job_id=row.id)
    record(conn, row.id, states.CLAIM.name, By(Actor.WORKER, capacity.worker_id))
    return Claim(
        lease=Lease(row.id, row.attempt, capacity.worker_id),
        project_id=row.project_id,
        kind=row.kind,
        spec=row.spec,
        cpus=row.cpus,
        memory_bytes=row.memory_bytes,
        gpus=row.gpus,
        queued_at=row.queued_at,
        started_at=row.started_at,
        claimed_at=row.claimed_at,
        waited_s=row.claimed_at - max(row.queued_at, row.not_before),
        more=work_waits(conn, capacity.pool),
    )


# --- leave the worker: release and finish ---


def _by_guard(sql: str) -> dict[type[Lease | StaleLease], Statement]:
    return {kind: Statement(sql.replace("<guard>", guard)) for kind, guard in _GUARDS.items()}


_RELEASE: Final = _by_guard(f"""
    UPDATE job SET state = 'queued', reason = :reason, message = :message, {_LEAVE_WORKER}, progress = NULL,
        not_before = {{now}} + :delay_s, queued_at = {{now}}, hinted_at = {{now}}, {_COUNT}
    WHERE id = :job_id AND attempt = :attempt AND <guard> AND {_sources(states.RELEASE)}
    RETURNING pool
""")
_FINISH: Final = _by_guard(f"""
    UPDATE job SET state = :state, reason = :reason, message = :message, {_LEAVE_WORKER}, finished_at = {{now}},
        {_COUNT}
    WHERE id = :job_id AND attempt = :attempt AND <guard> AND {_sources(states.FINISH)}
    RETURNING pool
""")
_PAUSE: Final = _by_guard(f"""
    UPDATE job SET state = 'paused', reason = 'paused', message = :message, {_LEAVE_WORKER}, queued_at = NULL, {_COUNT}
    WHERE id = :job_id AND attempt = :attempt AND <guard> AND {_sources(states.PAUSE)}
    RETURNING id
""")
_CLOSE_ATTEMPT: Final = Statement("""
    UPDATE attempt SET outcome = :outcome, message = :message, charged = :charged, ended_at = {now},
        exit_code = :exit_code, signal = :signal, cpu_s = :cpu_s, max_memory_bytes = :max_memory_bytes
    WHERE job_id = :job_id AND number = :attempt
""")


def release(
    conn: Connection,
    lease: Lease | StaleLease,
    ending: Ending,
    by: By,
    *,
    charged: bool,
    delay_s: float,
    reason: Reason,
    message: str,
) -> Moved | None:
    """Close the attempt and return the job to the queue, claimable after `delay_s` seconds."""
    parameters = {"delay_s": delay_s, "reason": reason.value, "message": message}
    pool = _RELEASE[type(lease)].run(conn, parameters, **_identity(lease)).scalar_one_or_none()
    if pool is None:
        return None
    _close_attempt(conn, lease, ending, charged=charged)
    record(conn, lease.job_id, states.RELEASE.name, by)
    return Moved(JobState.QUEUED, frozenset({pool}) if delay_s == 0 else frozenset(), delay_s)


def pause(conn: Connection, lease: Lease | StaleLease, ending: Ending, by: By, *, charged: bool) -> Moved | None:
    """Close the attempt, and keep the job until a user resumes it."""
    message = f"{ending.message} Goes on when it is resumed."
    if _PAUSE[type(lease)].run(conn, message=message, **_identity(lease)).one_or_none() is None:
        return None
    _close_attempt(conn, lease, ending, charged=charged)
    record(conn, lease.job_id, states.PAUSE.name, by)
    return Moved(JobState.PAUSED)


def finish(
    conn: Connection,
    lease: Lease | StaleLease,
    ending: Ending,
    by: By,
    *,
    state: JobState,
    reason: Reason,
    message: str,
) -> Moved | None:
    """Close the attempt and the job, and settle the jobs that waited for it."""
    assert states.FINISH.allows(JobState.RUNNING, state)
    parameters = {"state": state.value, "reason": reason.value, "message": message}
    if _FINISH[type(lease)].run(conn, parameters, **_identity(lease)).one_or_none() is None:
        return None
    _close_attempt(conn, lease, ending, charged=ending.outcome not in states.UNCHARGED_OUTCOMES)
    record(conn, lease.job_id, states.FINISH.name, by)
    return Moved(state, settle_dependents(conn, lease.job_id, by))


def _identity(lease: Lease | StaleLease) -> dict[str, Any]:
    match lease:
        case Lease(job_id, attempt, owner):
            return {"job_id": job_id, "attempt": attempt, "owner": owner}
        case StaleLease(job_id, attempt, hb):
            return {"job_id": job_id, "attempt": attempt, "hb": hb}


def _close_attempt(conn: Connection, lease: Lease | StaleLease, ending: Ending, *, charged: bool) -> None:
    _CLOSE_ATTEMPT.run(
        conn,
        job_id=lease.job_id,
        attempt=lease.attempt,
        outcome=ending.outcome.value,
        message=ending.message,
        charged=charged,
        exit_code=ending.exit_code,
        signal=ending.signal,
        cpu_s=ending.cpu_s,
        max_memory_bytes=ending.max_memory_bytes,
    )


# --- resume ---

_RESUME: Final = Statement(f"""
    UPDATE job SET state = 'queued', reason = 'waiting_for_capacity', message = 'Waits for a free worker to go on.',
        not_before = {{now}}, queued_at = {{now}}, hinted_at = {{now}}, {_COUNT}
    WHERE id = :job_id AND {_sources(states.RESUME)}
    RETURNING pool
""")


def resume(conn: Connection, job_id: str, by: By) -> Moved | None:
    """Queue a paused job again."""
    pool = _RESUME.run(conn, job_id=job_id).scalar_one_or_none()
    if pool is None:
        return None
    record(conn, job_id, states.RESUME.name, by)
    return Moved(JobState.QUEUED, frozenset({pool}))


# --- leave the queue without a worker: cancel and expire ---

_CANCEL: Final = Statement(f"""
    UPDATE job SET state = 'cancelled', reason = :reason, message = :message, held = FALSE, finished_at = {{now}},
        {_COUNT}
    WHERE id = :job_id AND {_sources(states.CANCEL)}
    RETURNING id
""")
_EXPIRE: Final = Statement(f"""
    WITH late AS {{materialized}} (
        SELECT id AS late_id FROM job
        WHERE state = 'queued' AND queue_timeout_s IS NOT NULL AND queued_at + queue_timeout_s < (SELECT {{now}})
        ORDER BY queued_at + queue_timeout_s LIMIT :limit {{skip_locked}}
    )
    UPDATE job SET state = 'failed', reason = 'queue_timeout',
        message = 'Waited in the queue for longer than timeout.queue allows.', finished_at = {{now}}, {_COUNT}
    FROM late WHERE id = late_id AND {_sources(states.EXPIRE)}
    RETURNING id
""")


def cancel(conn: Connection, job_id: str, by: By, *, reason: Reason, message: str) -> Moved | None:
    """End a job that no worker holds."""
    if _CANCEL.run(conn, job_id=job_id, reason=reason.value, message=message).one_or_none() is None:
        return None
    record(conn, job_id, states.CANCEL.name, by)
    return Moved(JobState.CANCELLED, settle_dependents(conn, job_id, by))


def expire(conn: Connection, by: By, *, limit: int) -> list[str]:
    """Fail the jobs that waited past their `timeout.queue`; returns their identifiers."""
    expired = sorted(_EXPIRE.run(conn, limit=limit).scalars().all())
    for job_id in expired:
        record(conn, job_id, states.EXPIRE.name, by)
        settle_dependents(conn, job_id, by)
    return expired


# --- unblock ---

_LOCK: Final = Statement("SELECT state, held FROM job WHERE id = :job_id {lock}")
_DEPENDENTS: Final = Statement("""
    SELECT job.id FROM job JOIN dependency ON dependency.job_id = job.id
    WHERE dependency.needs_id = :job_id AND job.state = 'blocked'
""")
_NEEDED: Final = Statement("""
    SELECT job.id, job.state FROM job JOIN dependency ON dependency.needs_id = job.id
    WHERE dependency.job_id = :job_id ORDER BY job.id
""")
_UNBLOCK: Final = Statement(f"""
    UPDATE job SET state = 'queued', reason = 'waiting_for_capacity', message = 'Waits for a free worker.',
        not_before = {{now}}, queued_at = {{now}}, hinted_at = {{now}}, {_COUNT}
    WHERE id = :job_id AND NOT held AND {_sources(states.UNBLOCK)}
    RETURNING pool
""")


def settle_dependents(conn: Connection, job_id: str, by: By) -> frozenset[str]:
    """Unblock or cancel what waited for a job that has just finished, and what waited for that in turn.

    A job is always older than those that wait for it, so going by ascending identifier locks rows in one order
    everywhere: two finishing parents cannot deadlock. Returns the pools in which a job became claimable.
    """
    waiting = _DEPENDENTS.run(conn, job_id=job_id).scalars().all()
    to_visit = list(waiting)
    pools: set[str] = set()
    heapq.heapify(to_visit)
    while to_visit:
        dependent = heapq.heappop(to_visit)
        moved = settle(conn, dependent, by)
        if moved is None:
            continue
        if moved.state is JobState.CANCELLED:
            for further in _DEPENDENTS.run(conn, job_id=dependent).scalars():
                heapq.heappush(to_visit, further)
        pools |= moved.woken_pools
    return frozenset(pools)


def settle(conn: Connection, job_id: str, by: By) -> Moved | None:
    """Decide about one blocked job: `queued` when all it needs succeeded, `cancelled` when one did not, else None.

    One that a user holds is cancelled like any other, and never queued.
    """
    # The lock comes first: of two parents that finish at once, the second one sees the first one's end.
    job = _LOCK.run(conn, job_id=job_id).one_or_none()
    if job is None or job.state != JobState.BLOCKED:
        return None
    needed = _NEEDED.run(conn, job_id=job_id).all()
    failed = next((row for row in needed if row.state in {JobState.FAILED, JobState.CANCELLED}), None)
    if failed is not None:
        message = f"Needs {failed.id}, which ended {failed.state}."
        _CANCEL.run(conn, job_id=job_id, reason=Reason.DEPENDENCY_FAILED.value, message=message)
        record(conn, job_id, states.CANCEL.name, by)
        return Moved(JobState.CANCELLED)
    if not job.held and all(row.state == JobState.SUCCEEDED for row in needed):
        return _unblock(conn, job_id, by)
    return None


def _unblock(conn: Connection, job_id: str, by: By) -> Moved | None:
    pool = _UNBLOCK.run(conn, job_id=job_id).scalar_one_or_none()
    if pool is None:
        return None
    record(conn, job_id, states.UNBLOCK.name, by)
    return Moved(JobState.QUEUED, frozenset({pool}))


# --- hold and unhold ---

_HOLD: Final = Statement(f"""
    UPDATE job SET state = 'blocked', held = TRUE, reason = 'held', message = 'A user holds it.', queued_at = NULL,
        {_COUNT}
    WHERE id = :job_id AND NOT held AND {_sources(states.HOLD)}
    RETURNING id
""")
_UNHOLD: Final = Statement(f"""
    UPDATE job SET held = FALSE, reason = 'waiting_for_dependency', message = :message, {_COUNT}
    WHERE id = :job_id AND held AND {_sources(states.UNHOLD)}
    RETURNING id
""")


def hold(conn: Connection, job_id: str, by: By) -> bool:
    """Keep a waiting job from being started, until `unhold`. False: it is held already, or waits no more."""
    if _HOLD.run(conn, job_id=job_id).one_or_none() is None:
        return False
    record(conn, job_id, states.HOLD.name, by)
    return True


def unhold(conn: Connection, job_id: str, by: By) -> Moved | None:
    """Let go of a job: it is queued, or waits for what it needs. None: nobody holds it."""
    needs = [row.id for row in _NEEDED.run(conn, job_id=job_id) if row.state != JobState.SUCCEEDED]
    if _UNHOLD.run(conn, job_id=job_id, message=_waits_for(needs)).one_or_none() is None:
        return None
    record(conn, job_id, states.UNHOLD.name, by)
    return settle(conn, job_id, by) or Moved(JobState.BLOCKED)
