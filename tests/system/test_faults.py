"""Processes are killed, frozen and fenced for real, and nothing is lost, doubled or left behind."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.processes import descendants
from tests.servers import ValkeyServer, wait_until
from tests.system.platform import Platform, is_alive
from worker.celery_config import broker_key_of

pytestmark = pytest.mark.timeout(180)

PYTHON = sys.executable
SAY_PID_AND_SLEEP = "import os, time; print(os.environ['TRAINSHED_ATTEMPT'], flush=True); time.sleep({seconds})"


def sleeper(seconds: float) -> tuple[str, ...]:
    return (PYTHON, "-c", SAY_PID_AND_SLEEP.format(seconds=seconds))


def owner(platform: Platform, job_id: str) -> str:
    name: str = platform.job(job_id)["attempts"][-1]["worker_name"]
    return name


def job_processes(platform: Platform, job_id: str) -> set[int]:
    """Every process on this machine whose environment names the job."""
    mark = f"TRAINSHED_JOB_ID={job_id}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if mark in environ.split(b"\0"):
                found.add(int(entry.name))
    return found


def test_a_killed_worker_takes_its_job_processes_with_it_and_the_job_runs_elsewhere(platform: Platform) -> None:
    platform.start(workers=2, slots=1)
    job_id = platform.command(*sleeper(2))
    platform.wait_for_log(job_id, "1")
    victim = platform.workers[int(owner(platform, job_id).removeprefix("worker-")) - 1]
    processes = job_processes(platform, job_id)
    assert processes

    victim.signal(signal.SIGKILL)

    wait_until(lambda: not any(is_alive(pid) for pid in processes), within_s=5, what="the job's processes to die")
    job = platform.wait(job_id)
    assert job["state"] == "succeeded"
    assert [(attempt["number"], attempt["outcome"]) for attempt in job["attempts"]] == [
        (1, "worker_lost"),
        (2, "succeeded"),
    ]


def test_a_killed_job_process_is_tried_again(platform: Platform) -> None:
    platform.start()
    job_id = platform.command(*sleeper(3))
    platform.wait_for_log(job_id, "1")
    (pid,) = job_processes(platform, job_id)
    os.kill(pid, signal.SIGKILL)
    job = platform.wait(job_id)
    assert [(attempt["outcome"], attempt["charged"]) for attempt in job["attempts"]] == [
        ("crashed", True),
        ("succeeded", True),
    ]


def test_a_killed_zygote_disturbs_no_running_job_and_is_replaced(platform: Platform) -> None:
    platform.start()
    job_id = platform.command(*sleeper(3))
    platform.wait_for_log(job_id, "1")
    for pid in zygotes(platform):
        os.kill(pid, signal.SIGKILL)
    assert [attempt["outcome"] for attempt in platform.wait(job_id)["attempts"]] == ["succeeded"]
    after = platform.wait(platform.command("true"))
    assert [attempt["outcome"] for attempt in after["attempts"]] == ["succeeded"]


def zygotes(platform: Platform) -> list[int]:
    found = []
    for pid in descendants(platform.workers[0].pid):
        if b"worker.launch.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes():
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if parent == platform.workers[0].pid:
                found.append(pid)
    assert found
    return found


def test_a_cancel_ends_a_tree_that_ignores_sigterm_forks_and_leaves_its_session(platform: Platform) -> None:
    stubborn = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("ready", flush=True)
        time.sleep(600)
time.sleep(600)
"""
    platform.start()
    job_id = platform.command(PYTHON, "-c", stubborn, timeout={"grace": "1s"})
    platform.wait_for_log(job_id, "ready")
    processes = job_processes(platform, job_id)
    assert len(processes) == 3
    assert platform.http.post(f"/jobs/{job_id}/cancel").status_code == 202
    job = platform.wait(job_id)
    assert (job["state"], job["reason"]) == ("cancelled", "cancelled_by_user")
    assert not any(is_alive(pid) for pid in processes)


def test_a_worker_that_comes_back_from_the_dead_writes_nothing_but_late_log_bytes(platform: Platform) -> None:
    platform.start(workers=2, slots=1)
    # The first attempt goes on for as long as its worker is stopped, the second one is short.
    program = """
import os, time
attempt = os.environ["TRAINSHED_ATTEMPT"]
for number in range(600 if attempt == "1" else 20):
    print(attempt, number, flush=True)
    time.sleep(0.1)
"""
    job_id = platform.command(PYTHON, "-c", program)
    platform.wait_for_log(job_id, "1 1\n")
    zombie = platform.workers[int(owner(platform, job_id).removeprefix("worker-")) - 1]
    zombie.signal(signal.SIGSTOP)
    platform.wait_for(job_id, "running", attempt=2)
    old = job_processes(platform, job_id)
    zombie.signal(signal.SIGCONT)

    wait_until(lambda: len(job_processes(platform, job_id)) == 1, what="the zombie to kill its child")
    job = platform.wait(job_id)
    assert job["state"] == "succeeded"
    assert [(attempt["number"], attempt["outcome"]) for attempt in job["attempts"]] == [
        (1, "worker_lost"),
        (2, "succeeded"),
    ]
    assert old
    first, second = platform.log(job_id, attempt=1), platform.log(job_id, attempt=2)
    assert {line.split()[0] for line in first.splitlines()} == {"1"}
    assert [line for line in second.splitlines() if line] == [f"2 {number}" for number in range(20)]


def test_a_drained_worker_returns_its_job_uncharged(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    job_id = platform.command(*sleeper(3))
    platform.wait_for_log(job_id, "1")
    platform.workers[0].signal(signal.SIGTERM)
    assert platform.workers[0].wait() == 0
    job = platform.job(job_id)
    assert (job["state"], job["reason"]) == ("queued", "preempted")
    platform.start_worker(slots=1)
    job = platform.wait(job_id)
    assert [(attempt["outcome"], attempt["charged"]) for attempt in job["attempts"]] == [
        ("preempted", False),
        ("succeeded", True),
    ]


def test_jobs_start_with_the_broker_gone_and_submits_do_not_wait_for_a_frozen_one(
    platform: Platform, own_valkey: ValkeyServer
) -> None:
    platform.start()
    own_valkey.freeze()
    assert platform.wait(platform.command("true"))["state"] == "succeeded"
    own_valkey.thaw()
    own_valkey.stop()
    assert platform.wait(platform.command("true"))["state"] == "succeeded"


def test_a_worker_without_a_broker_starts_works_and_stops(platform: Platform, own_valkey: ValkeyServer) -> None:
    own_valkey.stop()
    platform.start()
    assert platform.wait(platform.command("true"))["state"] == "succeeded"
    platform.workers[0].signal(signal.SIGTERM)
    assert platform.workers[0].wait() == 0


def test_what_is_no_hint_ends_no_worker(platform: Platform, own_valkey: ValkeyServer) -> None:
    platform.start()
    items = [b"\xff\xfe", "no JSON", "null", "[]", "{}", '{"body": 1}', '{"properties": {}}', '{"properties": null}']
    with own_valkey.client() as broker:
        for item in items * 2:
            broker.lpush(broker_key_of("cpu"), item)
        wait_until(lambda: not broker.exists(broker_key_of("cpu")), what="the worker to take it all")
    jobs = [platform.wait(platform.command("true")) for _ in range(3)]

    assert {job["attempts"][0]["worker_name"] for job in jobs} == {"worker-1"}
    assert "hint.unreadable" in platform.workers[0].log.read_text()
