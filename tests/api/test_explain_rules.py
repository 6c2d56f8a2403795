"""Explain judges as the claim does: over random queues, with the claim itself as the judge of that."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import Connection, text

from api.operations.explain.rules import judge
from db import transitions, workers
from db.engine import Database
from db.queries import obstacles
from db.queries.jobs import get_job
from db.transitions import Capacity, Claim
from db.workers import WorkerFacts
from tests.factories import PROJECT, USER, make_project, new_job
from trainshed.states import JobState

SEEDS = range(24)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_stands_in_the_way_of_those_jobs_alone_that_a_claim_takes(database: Database, seed: int) -> None:
    with database.begin() as conn:
        make_project(conn)
        made = fill(conn, random.Random(seed))
        taken = {job_id for facts in made if (job_id := what_is_taken(conn, facts)) is not None}
        clear = {job_id for job_id in waiting(conn) if is_clear(conn, job_id)}

    assert clear == taken


def test_the_random_queues_show_both_answers_and_every_rule(database: Database) -> None:
    """The test above would say nothing if all its queues were alike."""
    seen: set[str] = set()
    with database.begin() as conn:
        make_project(conn)
    for seed in SEEDS:
        with database.begin() as conn, conn.begin_nested() as everything:
            fill(conn, random.Random(seed))
            for job_id in waiting(conn):
                broken = judged(conn, job_id).broken
                seen.add("clear" if broken is None else broken.name)
            everything.rollback()

    assert seen >= {
        *("clear", "not_held", "dependencies", "not_before", "workers"),
        *("takes_jobs", "runs_commands", "large_enough", "room", "first"),
    }


def test_what_is_behind_more_jobs_than_are_looked_at_is_not_called_clear(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obstacles, "MOST_AHEAD", 2)
    with database.begin() as conn:
        make_project(conn)
        workers.register(conn, facts_of("wrk_a", cpus=2.0))
        for _ in range(2):
            submit(conn, cpus=8.0)
        last = submit(conn)
        found = judged(conn, last)

    assert (found.ahead, found.ahead_is_more) == (2, True)
    assert found.broken is not None
    assert "too many" in found.broken.message


def facts_of(worker_id: str, **changes: Any) -> WorkerFacts:
    whole = {"slots": 2, "cpus": 2.0, "memory_bytes": 2**33, "gpus": 0, "runs_commands": True, "pool": "cpu", **changes}
    return WorkerFacts(id=worker_id, name=worker_id, host="host", pid=1, sandbox="none", versions={}, **whole)


def fill(conn: Connection, draw: random.Random) -> list[WorkerFacts]:
    """Make workers and jobs, let some of them run, and put things in the way of others."""
    made = [add_worker(conn, draw, number) for number in range(draw.randint(0, 4))]
    for _ in range(draw.randint(1, 14)):
        add_job(conn, draw)
    for facts in made:
        for _ in range(draw.randint(0, 2)):
            claim_for(conn, facts)
    spoil_some(conn, draw)
    return made


def add_worker(conn: Connection, draw: random.Random, number: int) -> WorkerFacts:
    facts = facts_of(
        f"wrk_{number}",
        slots=draw.randint(1, 3),
        cpus=draw.choice([1.0, 2.0, 4.0]),
        memory_bytes=draw.choice([2**30, 2**33]),
        gpus=draw.choice([0, 1]),
        runs_commands=draw.random() < 0.7,
        pool=draw.choice(["cpu", "cpu", "gpu"]),
    )
    workers.register(conn, facts)
    return facts


def submit(conn: Connection, *, blocked: bool = False, **changes: Any) -> str:
    job = new_job(**changes)
    transitions.submit(conn, job, USER, blocked=blocked)
    return job.id


def add_job(conn: Connection, draw: random.Random) -> None:
    parent = submit(conn, pool="nowhere") if draw.random() < 0.1 else None
    submit(
        conn,
        blocked=parent is not None,
        needs=() if parent is None else (parent,),
        kind=draw.choice(["command", "train"]),
        priority=draw.randint(0, 2),
        pool=draw.choice(["cpu", "cpu", "cpu", "gpu", "none"]),
        cpus=draw.choice([None, None, 0.5, 1.0, 2.0, 8.0]),
        memory_bytes=draw.choice([None, 2**29, 2**31]),
        gpus=draw.choice([0, 0, 0, 1]),
    )


def spoil_some(conn: Connection, draw: random.Random) -> None:
    """Drains, deaths, holds and backoffs."""
    for worker_id in conn.execute(text("SELECT id FROM worker ORDER BY id")).scalars().all():
        chance = draw.random()
        if chance < 0.15:
            workers.set_drain(conn, worker_id, drain=True)
        elif chance < 0.25:
            conn.execute(text("UPDATE worker SET last_seen_at = 0 WHERE id = :id"), {"id": worker_id})
        elif chance < 0.3:
            conn.execute(text("UPDATE worker SET state = 'gone' WHERE id = :id"), {"id": worker_id})
    for job_id in waiting(conn):
        chance = draw.random()
        if chance < 0.1:
            transitions.hold(conn, job_id, USER)
        elif chance < 0.2:
            conn.execute(text("UPDATE job SET not_before = not_before + 3600 WHERE id = :id"), {"id": job_id})


def waiting(conn: Connection) -> list[str]:
    return list(conn.execute(text("SELECT id FROM job WHERE state IN ('queued', 'blocked') ORDER BY id")).scalars())


def judged(conn: Connection, job_id: str) -> Any:
    details = get_job(conn, PROJECT, job_id)
    assert details is not None
    return judge(conn, details.job)


def is_clear(conn: Connection, job_id: str) -> bool:
    details = get_job(conn, PROJECT, job_id)
    assert details is not None
    return details.job.state == JobState.QUEUED and judge(conn, details.job).broken is None


def what_is_taken(conn: Connection, facts: WorkerFacts) -> str | None:
    """Let a worker that lives claim once, as it would, and take that back."""
    state = conn.execute(text("SELECT state, last_seen_at FROM worker WHERE id = :id"), {"id": facts.id}).one()
    if state.state != "active" or state.last_seen_at == 0:
        return None
    with conn.begin_nested() as attempt:
        won = claim_for(conn, facts)
        attempt.rollback()
    return None if won is None else won.lease.job_id


def claim_for(conn: Connection, facts: WorkerFacts) -> Claim | None:
    """Claim with what the worker has left, counted as the worker counts it."""
    slot_cpus = facts.cpus / facts.slots
    held = conn.execute(
        text("SELECT cpus, memory_bytes, gpus FROM job WHERE owner = :id AND state = 'running'"), {"id": facts.id}
    ).all()
    if len(held) >= facts.slots:
        return None
    left = Capacity(
        worker_id=facts.id,
        worker_name=facts.name,
        pool=facts.pool,
        cpus=facts.cpus + 1e-6 - sum(slot_cpus if row.cpus is None else row.cpus for row in held),
        memory_bytes=facts.memory_bytes - sum(row.memory_bytes or 0 for row in held),
        gpus=facts.gpus - sum(row.gpus for row in held),
        slot_cpus=slot_cpus,
        runs_commands=facts.runs_commands,
    )
    return transitions.claim(conn, left)
