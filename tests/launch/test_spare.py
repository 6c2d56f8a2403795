"""A zygote has forked for the next job before it is asked; what waits costs nobody, and does not outlive it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.launch.jobs import is_alive, launch, until
from worker.launch import tree
from worker.launch.events import Started
from worker.launch.launcher import LIGHT, Zygote


def _spare(zygote: Zygote) -> int:
    """Return the pid of the init that waits, once its job process waits too."""
    pid = until(lambda: zygote.pid)
    return until(lambda: next((child.pid for child in tree.children(pid) if tree.children(child.pid)), None))


def test_a_job_runs_in_the_process_that_waited_for_it(light: Zygote, tmp_path: Path) -> None:
    spare = _spare(light)
    job = launch(light, tmp_path, "true")

    assert job.wait_for(Started).init_pid == spare
    job.finish()
    assert _spare(light) != spare


@pytest.mark.parametrize("part", ["init", "job"])
def test_a_spare_that_was_killed_costs_no_job(light: Zygote, tmp_path: Path, part: str) -> None:
    spare = _spare(light)
    os.kill(spare if part == "init" else tree.children(spare)[0].pid, signal.SIGKILL)
    until(lambda: not is_alive(spare))

    assert launch(light, tmp_path, "true").finish().code == 0


def test_a_spare_does_not_heed_a_signal_to_the_whole_service(light: Zygote, tmp_path: Path) -> None:
    spare = _spare(light)
    for process in (spare, tree.children(spare)[0].pid):
        os.kill(process, signal.SIGTERM)
    job = launch(light, tmp_path, "true")

    assert job.wait_for(Started).init_pid == spare
    assert job.finish().code == 0


def test_a_spare_leaves_with_its_zygote() -> None:
    with Zygote(LIGHT) as zygote:
        spare = _spare(zygote)
        waiting = tree.children(spare)[0].pid

    until(lambda: not is_alive(spare) and not is_alive(waiting))


def test_a_job_heeds_signals_that_its_spare_did_not(light: Zygote, tmp_path: Path) -> None:
    _spare(light)
    job = launch(light, tmp_path, "/bin/sh", "-c", "kill -TERM $$; echo survived")

    assert job.finish().signal == signal.SIGTERM
    assert job.log == ""
