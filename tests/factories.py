"""Rows in any state, with their companions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert

from db import transitions
from db.clock import db_now
from db.models import Project
from db.outcomes import conclude
from db.transitions import By, Capacity, Claim, Ending, NewJob
from db.workers import WorkerFacts
from trainshed.ids import new_id
from trainshed.specs import dump_spec, parse_spec
from trainshed.states import Actor, AttemptOutcome

USER = By(Actor.USER, "key_test")
PROJECT = "prj_test"

CAPACITY = Capacity(
    worker_id="wrk_a",
    worker_name="a",
    pool="cpu",
    cpus=2.0,
    memory_bytes=2**33,
    gpus=0,
    slot_cpus=1.0,
    runs_commands=True,
)


FACTS = WorkerFacts(
    id=CAPACITY.worker_id,
    name=CAPACITY.worker_name,
    host="here",
    pid=1,
    pool=CAPACITY.pool,
    slots=2,
    cpus=CAPACITY.cpus,
    memory_bytes=CAPACITY.memory_bytes,
    gpus=CAPACITY.gpus,
    sandbox="none",
    runs_commands=CAPACITY.runs_commands,
    versions={},
)
"""The worker that has this capacity."""


def make_project(conn: Connection, project_id: str = PROJECT) -> str:
    conn.execute(insert(Project).values(id=project_id, name=project_id, created_at=db_now()))
    return project_id


def new_job(**changes: Any) -> NewJob:
    """A command job; `spec` entries may be changed with `retry=` and the like, columns by their names."""
    spec_changes = {key: changes.pop(key) for key in ("retry", "timeout") if key in changes}
    document = {"kind": "command", "name": "hello", "command": ["echo", "hello"], **spec_changes}
    job = NewJob(
        id=new_id("job"),
        project_id=PROJECT,
        created_by="key_test",
        kind="command",
        name="hello",
        labels={},
        spec=dump_spec(parse_spec(document)),
        priority=0,
        pool="cpu",
        cpus=None,
        memory_bytes=None,
        gpus=0,
        queue_timeout_s=None,
    )
    return replace(job, **changes)


def submit(conn: Connection, **changes: Any) -> str:
    job = new_job(**changes)
    transitions.submit(conn, job, USER, blocked=bool(job.needs))
    return job.id


def claim(conn: Connection, **changes: Any) -> Claim:
    won = transitions.claim(conn, replace(CAPACITY, **changes))
    assert won is not None
    return won


def end(conn: Connection, won: Claim, outcome: AttemptOutcome = AttemptOutcome.SUCCEEDED) -> transitions.Moved | None:
    by = By(Actor.WORKER, won.lease.owner)
    return conclude(conn, won.lease, Ending(outcome, f"It ended {outcome}."), by, jitter=0.5)
