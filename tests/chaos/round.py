"""One round of chaos on one database: a reference, load and faults, quiet, the check, and a window without hints."""

from __future__ import annotations

import math
import random
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.chaos.checker import TERMINAL, Checker, Findings
from tests.chaos.client import ChaosClient
from tests.chaos.faults import Happened, draw_fault, flush_broker, make_happen
from tests.chaos.load import TRAINING, Load
from tests.chaos.report import Figures, Round
from tests.chaos.stage import Database, Stage, staged
from tests.percentiles import percentile
from tests.servers import wait_until

_REST_S = (0.5, 2.5)
"""Between two faults, at random."""
_QUIET_WITHIN_S = 420.0
_FLUSH_EVERY_S = 5.0
_WINDOW_WITHIN_S = 60.0
_UP_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round is made of. `patience` scales the outages; `lone_kills` of workers come after them."""

    database: Database
    seconds: float
    jobs: int
    seed: int
    patience: float
    lone_kills: int = 3
    window_jobs: int = 40

    @classmethod
    def of(cls, database: Database, *, minutes: float, seed: int, jobs_a_minute: float) -> Plan:
        patience = 1.0 if minutes <= 30 else 4.0
        return cls(database, 60 * minutes, max(12, round(minutes * jobs_a_minute)), seed, patience)


def play(plan: Plan, folder: Path) -> Round:
    """Play one round from an empty database to the report."""
    run = f"{plan.database}-{plan.seed}"
    draw = random.Random(plan.seed)
    with staged(folder, plan.database) as stage:
        client = ChaosClient(stage.api_ports, stage.key)
        checker = Checker(client, run)
        wait_until(lambda: len(_workers(client)) >= 3, within_s=_UP_WITHIN_S, what="three workers")
        reference = checker.reference_of(_run_undisturbed(client, run))
        load = Load(client, run, plan.jobs, plan.seconds * 0.9)
        load.start()
        happened = _faults(stage, draw, plan)
        load.join()
        is_quiet = checker.await_quiet(_QUIET_WITHIN_S)
        found, jobs = checker.check(reference)
        figures = _figures(happened, jobs)
        figures.moved = [_kill_alone(stage, client, f"{run}-alone-{number}") for number in range(plan.lone_kills)]
        figures.start_without_hints_p99_s = _window(stage, client, run, jobs=plan.window_jobs)
        client.close()
    failures = [*load.failures, *([] if is_quiet else ["some jobs had not ended when it was over"])]
    return Round(plan.database, found, _by_name(happened), client.history, figures, failures)


def _run_undisturbed(client: ChaosClient, run: str) -> str:
    job_id = client.submit(TRAINING, key=f"{run}-reference", deadline=time.monotonic() + _UP_WITHIN_S)
    client.history.acknowledged.pop(f"{run}-reference")
    wait_until(lambda: _job(client, job_id)["state"] == "succeeded", within_s=120, what="the reference training")
    return job_id


def _faults(stage: Stage, draw: random.Random, plan: Plan) -> list[Happened]:
    happened = []
    deadline = time.monotonic() + plan.seconds
    while time.monotonic() < deadline:
        happened.append(make_happen(draw_fault(stage, draw), stage, draw, plan.patience))
        time.sleep(draw.uniform(*_REST_S))
        stage.mend()
    return happened


def _by_name(happened: list[Happened]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for each in happened:
        counted[each.fault] = counted.get(each.fault, 0) + 1
    return counted


def _figures(happened: list[Happened], jobs: list[dict[str, Any]]) -> Figures:
    """Return how long it took until a job whose process was killed ran again, whatever else was broken then."""
    again = [
        _seconds(after["started_at"]) - each.at
        for each in happened
        if each.fault == "kill -9 of a job's process"
        for job in jobs
        for one, after in pairwise(job["attempts"])
        if one["outcome"] == "crashed" and 0 <= _seconds(one["ended_at"]) - each.at < 1.0
    ]
    return Figures(moved=[], again=again)


def _kill_alone(stage: Stage, client: ChaosClient, key: str) -> float:
    """Kill a worker that runs a job while nothing else is broken; return seconds until the job runs elsewhere."""
    spec = {"kind": "command", "name": "moves", "command": ["sleep", "600"]}
    job_id = client.submit(spec, key=key, deadline=time.monotonic() + _UP_WITHIN_S)
    wait_until(lambda: _job(client, job_id)["state"] == "running", within_s=60, what="a job that runs")
    stage.parts[_job(client, job_id)["attempts"][0]["worker_name"]].process.signal(signal.SIGKILL)
    killed = time.time()
    wait_until(lambda: len(_job(client, job_id)["attempts"]) > 1, within_s=120, what="the job elsewhere")
    stage.mend()
    client.cancel(job_id)
    return _seconds(_job(client, job_id)["attempts"][1]["started_at"]) - killed


def _window(stage: Stage, client: ChaosClient, run: str, *, jobs: int) -> float:
    """Return the 99th percentile of seconds from created to started, while the broker is flushed every five seconds."""
    flushed = time.monotonic()
    ids = []
    for number in range(jobs):
        spec = {"kind": "command", "name": "window", "command": ["true"]}
        ids.append(client.submit(spec, key=f"{run}-window-{number}", deadline=time.monotonic() + _UP_WITHIN_S))
        if time.monotonic() - flushed > _FLUSH_EVERY_S:
            flush_broker(stage, random.Random(0), 1.0)
            flushed = time.monotonic()
        time.sleep(0.5)
    deadline = time.monotonic() + _WINDOW_WITHIN_S
    while any(_job(client, each)["state"] not in TERMINAL for each in ids) and time.monotonic() < deadline:
        time.sleep(0.2)
    ended = [_job(client, each) for each in ids]
    if any(job["state"] != "succeeded" for job in ended):
        return math.inf
    return percentile([_seconds(job["started_at"]) - _seconds(job["created_at"]) for job in ended], 0.99)


def _workers(client: ChaosClient) -> list[dict[str, Any]]:
    items = client.get("/workers", deadline=time.monotonic() + _UP_WITHIN_S).json()["items"]
    return [worker for worker in items if worker["state"] == "active"]


def _job(client: ChaosClient, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/jobs/{job_id}", deadline=time.monotonic() + _UP_WITHIN_S).json()
    return found


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


__all__ = ["Findings", "Plan", "play"]
