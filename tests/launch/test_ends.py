"""Nothing of a job is left, whoever is killed: the job, its init, its zygote, its worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.launch.jobs import STUBBORN_TREE, is_alive, launch, python, until
from worker.launch.events import Exited, Gone, InitLost, Started
from worker.launch.launcher import LIGHT, Zygote

RABBITS = """
import os
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        while True:          # each lives for as long as one fork takes, so its pid is never the one you saw
            if os.fork():
                os._exit(0)
            HOP
with open(os.environ["TRAINSHED_OUTPUT_DIR"] + "/pids", "a") as file:
    file.write(str(os.getpid()))
os.wait()
"""


def test_terminate_ends_a_polite_job_by_its_signal(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "sleep", "60")
    began = time.monotonic()
    job.running.terminate(10.0)

    assert job.finish().signal == signal.SIGTERM
    assert time.monotonic() - began < 5


def test_a_job_may_use_its_grace_to_clean_up(light: Zygote, tmp_path: Path) -> None:
    script = "trap 'echo saved; exit 3' TERM; echo ready; while :; do :; done"
    job = launch(light, tmp_path, "/bin/sh", "-c", script)
    until(lambda: "ready" in job.log)
    job.running.terminate(10.0)

    assert job.finish().code == 3
    assert job.log == "ready\nsaved\n"


def test_a_stubborn_tree_is_dead_after_its_grace_and_gone_comes_only_then(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, *python(STUBBORN_TREE))
    pids = job.pids(3)
    began = time.monotonic()
    job.running.terminate(0.3)
    job.wait_for(Gone)

    assert not any(is_alive(pid) for pid in pids)
    assert 0.3 <= time.monotonic() - began < 2.3
    assert job.finish().signal == signal.SIGKILL


def test_kill_ends_a_stubborn_tree_at_once(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, *python(STUBBORN_TREE))
    pids = job.pids(3)
    job.running.kill()
    job.wait_for(Gone, within_s=2)

    assert not any(is_alive(pid) for pid in pids)


def test_a_stopped_job_can_be_terminated(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "sleep", "60")
    os.kill(job.wait_for(Started).pid, signal.SIGSTOP)
    job.running.terminate(10.0)

    assert job.finish().signal == signal.SIGTERM


@pytest.mark.parametrize("hop", ["pass", "os.setsid()"], ids=["in one group", "in a new session each"])
def test_processes_that_fork_faster_than_one_looks_are_killed(light: Zygote, tmp_path: Path, hop: str) -> None:
    job = launch(light, tmp_path, *python(RABBITS.replace("HOP", hop)))
    job.pids(1)
    job.running.kill()

    job.wait_for(Gone, within_s=10)


def test_what_a_finished_job_left_running_is_killed(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "/bin/sh", "-c", 'setsid sleep 60 & echo $! > "$TRAINSHED_OUTPUT_DIR/pids"; exit 7')

    assert job.finish().code == 7
    assert not any(is_alive(pid) for pid in job.pids(1))


def test_what_a_finished_job_left_running_is_killed_even_when_it_ignores_sigterm(light: Zygote, tmp_path: Path) -> None:
    ignore = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    job = launch(light, tmp_path, *python(ignore + "if os.fork(): os._exit(0)\n" + STUBBORN_TREE))
    job.wait_for(Exited)
    pids = job.pids(3)
    job.wait_for(Gone, within_s=3)

    assert not any(is_alive(pid) for pid in pids)


def test_closing_a_running_job_ends_it(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, *python(STUBBORN_TREE))
    pids = job.pids(3)
    job.running.close()
    until(lambda: not any(is_alive(pid) for pid in pids), within_s=2)


@pytest.mark.chaos
def test_killing_the_worker_ends_all_its_processes_within_a_second(tmp_path: Path) -> None:
    helper = [sys.executable, "-m", "tests.launch.helper_worker", str(tmp_path)]
    with subprocess.Popen(helper, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        line = next(line for line in worker.stdout if line.startswith("pids "))
        pids = [int(word) for word in line.split()[1:]]
        assert len(pids) == 5  # zygote, init, and the stubborn tree
        assert all(is_alive(pid) for pid in pids)

        worker.kill()
        until(lambda: not any(is_alive(pid) for pid in pids), within_s=1)


@pytest.mark.chaos
def test_killing_the_zygote_leaves_its_jobs_alone_and_another_takes_over(tmp_path: Path) -> None:
    with Zygote(LIGHT) as zygote:
        running = launch(
            zygote, tmp_path, "/bin/sh", "-c", 'until [ -e "$HOME/go" ]; do sleep 0.01; done; echo done; exit 4'
        )
        first = zygote.pid
        os.kill(first, signal.SIGKILL)
        next_job = launch(zygote, tmp_path, "echo", "next")

        assert next_job.finish().code == 0
        assert zygote.pid != first
        (running.folder / "work/go").touch()
        assert running.finish().code == 4
        assert running.log == "done\n"
        until(lambda: not Path(f"/proc/{running.running.init_pid}").exists(), within_s=3)  # the worker has reaped it


@pytest.mark.chaos
def test_killing_init_leaves_nothing_behind(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, *python(STUBBORN_TREE))
    pids = job.pids(3)
    os.kill(job.wait_for(Started).init_pid, signal.SIGKILL)
    job.wait_for(InitLost)

    assert job.running.sweep()
    until(lambda: not any(is_alive(pid) for pid in pids), within_s=2)
    assert not job.has(Gone)


@pytest.mark.chaos
def test_killing_zygote_and_init_leaves_nothing_behind(tmp_path: Path) -> None:
    with Zygote(LIGHT) as zygote:
        job = launch(zygote, tmp_path, *python(STUBBORN_TREE))
        bystander = launch(zygote, tmp_path, "sleep", "60")
        pids = job.pids(3)
        os.kill(zygote.pid, signal.SIGKILL)
        os.kill(job.wait_for(Started).init_pid, signal.SIGKILL)
        job.wait_for(InitLost)

        assert job.running.sweep()
        until(lambda: not any(is_alive(pid) for pid in pids), within_s=2)
        assert is_alive(bystander.wait_for(Started).pid)
        bystander.running.kill()
        bystander.finish()


def test_a_sweep_spares_other_children_of_the_worker(light: Zygote, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
        job = launch(light, tmp_path, "sleep", "60")
        os.kill(job.wait_for(Started).init_pid, signal.SIGKILL)
        job.wait_for(InitLost)

        assert job.running.sweep()
        assert child.poll() is None
        child.kill()
    job.running.close()
