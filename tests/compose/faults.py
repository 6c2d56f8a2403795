"""Parts that restart, leave or die under load."""

from __future__ import annotations

import time
from typing import Final

from tests.compose.load import LONG_S, SHORT_S, Load
from tests.compose.report import Report
from tests.compose.stack import Stack, docker
from tests.compose.waiting import wait_for
from trainshed import Job, wire

MOVED_WITHIN_S: Final = 30.0
_THROUGH_A_RESTART_S: Final = 6.0


def restart_each(stack: Stack, load: Load, report: Report) -> None:
    """Restart all but the workers, one after the other, while jobs run; each time a job that comes later runs, too."""
    for service in ("broker", "db", "api", "reconciler"):
        jobs = load.add_commands(4, seconds=_THROUGH_A_RESTART_S)
        wait_for("a job that runs", lambda jobs=jobs: load.running(jobs), 180)
        stack.compose("restart", service)
        began = time.monotonic()
        wait_for(f"{service} after its restart", lambda: load.client.health().ready, 60)
        report.figures[f"{service}_ready_again_s"] = round(time.monotonic() - began, 1)
        after = load.add_commands(1, seconds=SHORT_S)
        for job_id in [*jobs, *after]:
            load.client.wait(job_id, timeout_s=180)


def drain_during_training(stack: Stack, load: Load, report: Report) -> None:
    """Stop the container of a worker that trains: the training goes on elsewhere, from where it was."""
    trainings = load.add_trainings(2)
    job = wait_for("a training that has begun", lambda: _begun(load, trainings), 180)
    left = job.attempts[-1]
    began = time.time()
    docker("stop", stack.container_of(left.worker_name))
    report.figures["worker_stop_s"] = round(time.time() - began, 1)
    ended = load.client.wait(job.id, timeout_s=300)
    stack.scale(4)
    first, last = ended.attempts[left.number - 1], ended.attempts[-1]
    report.check(first.outcome == "preempted" and not first.charged, f"the drained attempt ended as {first.outcome}")
    report.check(last.worker != first.worker, "the training did not move to another worker")
    step = last.facts.get("resumed", {}).get("step", 0)
    report.figures["training_resumed_at_step"] = step
    report.check(step > 0, "the training began again instead of going on")


def kill_one(stack: Stack, load: Load, report: Report) -> None:
    """Kill the container of a worker with a job."""
    jobs = load.add_commands(4, seconds=LONG_S)
    job = wait_for("a long job that runs", lambda: load.running(jobs), 180)[0]
    lost = job.attempts[-1]
    load.uncounted.add(lost.worker)
    began = time.time()
    docker("kill", "--signal", "KILL", stack.container_of(lost.worker_name))
    moved = wait_for("the job elsewhere", lambda: _later(load, job, lost), 120)
    report.most("kill_to_running_elsewhere_s", moved[0].started_at.timestamp() - began, MOVED_WITHIN_S)


def _begun(load: Load, trainings: list[str]) -> Job | None:
    """Return a training that has made steps, and has more before it."""
    return next((job for job in load.running(trainings) if job.progress and job.progress.step > 0), None)


def _later(load: Load, job: Job, lost: wire.Attempt) -> list[wire.Attempt]:
    return [attempt for attempt in load.client.get(job.id).attempts if attempt.number > lost.number]
