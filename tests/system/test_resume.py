"""A training that loses its process, its worker or its place goes on elsewhere and ends with the same bits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from db import checkpoints
from db.engine import Database
from tests.processes import descendants, name_of
from tests.servers import wait_until
from tests.system.platform import Platform, Process
from tests.system.test_faults import owner

pytestmark = pytest.mark.timeout(240)

TRAINING: dict[str, Any] = {
    "kind": "train",
    "name": "resumed",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [
        {"step": "rescale", "scale": 0.0625},
        {"step": "resize", "height": 18, "width": 18},
        {"step": "random_translate", "height": 0.1, "width": 0.1},
    ],
    "model": {"family": "image_classifier", "preset": "cnn_bn", "dropout": 0.2},
    "training": {"epochs": 8, "batch_size": 32, "optimizer": "adam", "report_every_steps": 5},
    "checkpoint": {"every_steps": 10, "keep_best": True},
    "resources": {"cpus": 1},
}


def worker_of(platform: Platform, job_id: str) -> Process:
    return platform.workers[int(owner(platform, job_id).removeprefix("worker-")) - 1]


def kill_process(platform: Platform, job_id: str) -> None:
    signal_process(platform, job_id, signal.SIGKILL)


def signal_process(platform: Platform, job_id: str, number: signal.Signals) -> None:
    """Signal the training itself, not what waits for the next one."""
    below = descendants(worker_of(platform, job_id).pid)
    (job,) = (pid for pid in below if name_of(pid) == "trainshed-job")
    os.kill(job, number)


def kill_worker(platform: Platform, job_id: str) -> None:
    worker_of(platform, job_id).signal(signal.SIGKILL)


def drain_worker(platform: Platform, job_id: str) -> None:
    worker_of(platform, job_id).signal(signal.SIGTERM)


def pause_and_resume(platform: Platform, job_id: str) -> None:
    assert platform.http.post(f"/jobs/{job_id}/pause").status_code == 202
    platform.wait_for(job_id, "paused")
    assert platform.http.post(f"/jobs/{job_id}/resume").status_code == 200


def points(platform: Platform, job_id: str) -> list[tuple[str, int, float]]:
    answer = platform.http.get(f"/jobs/{job_id}/metrics").json()
    return [
        (each["name"], point["step"], point["value"])
        for each in answer["series"]
        if each["name"] != "epoch/seconds"
        for point in each["points"]
    ]


def has_checkpoint(database: Database, job_id: str) -> bool:
    with database.read() as conn:
        return bool(checkpoints.latest_first(conn, job_id))


@pytest.mark.parametrize(
    ("interrupt", "outcome", "dialect"),
    [
        (kill_process, "crashed", "sqlite"),
        (kill_worker, "worker_lost", "postgresql"),
        (drain_worker, "preempted", "sqlite"),
        (pause_and_resume, "paused", "postgresql"),
    ],
    indirect=["dialect"],
)
def test_an_interrupted_training_goes_on_and_ends_with_the_same_bits(
    platform: Platform, database: Database, interrupt: Callable[[Platform, str], None], outcome: str
) -> None:
    platform.start(workers=2, slots=1)
    job_id = platform.submit(TRAINING)
    wait_until(lambda: has_checkpoint(database, job_id), within_s=90, what="a checkpoint to be listed")
    interrupt(platform, job_id)
    job = platform.wait(job_id, within_s=120)
    expected = platform.wait(platform.submit(TRAINING), within_s=120)

    assert job["state"] == "succeeded", job
    assert [attempt["outcome"] for attempt in job["attempts"]] == [outcome, "succeeded"]
    resumed = job["attempts"][1]["facts"]["resumed"]
    assert resumed["step"] > 0
    assert resumed["warnings"] == []
    facts = job["attempts"][1]["facts"]
    assert facts["weights_sha256"] == expected["attempts"][0]["facts"]["weights_sha256"]
    assert points(platform, job_id) == points(platform, expected["id"])


HANGS: dict[str, Any] = {
    "guards": {"stall_factor": 5, "stall_at_least": 6},
    "timeout": {"grace": 1},
    "retry": {"budget": {"stalled": 1}},
}


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_training_that_hangs_counts_as_stalled_and_goes_on(platform: Platform, database: Database) -> None:
    platform.start(workers=1, slots=1)
    job_id = platform.submit(TRAINING | HANGS)
    wait_until(lambda: has_checkpoint(database, job_id), within_s=90, what="a checkpoint to be listed")
    signal_process(platform, job_id, signal.SIGSTOP)
    job = platform.wait(job_id, within_s=120)

    assert job["state"] == "succeeded", job
    stalled, resumed = job["attempts"]
    assert (stalled["outcome"], stalled["charged"]) == ("stalled", True)
    assert "guards.stall_factor" in stalled["message"]
    assert resumed["facts"]["resumed"]["step"] > 0
