"""How the tests start jobs, wait for them, and look at processes."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from worker.launch.events import Event, Exited, Gone, InitLost
from worker.launch.launcher import LaunchRequest, RunningJob, Zygote

_Event = TypeVar("_Event")
_numbers = itertools.count(1)
_launched: list[RunningJob] = []
DEADLINE_S = 20.0


def until(happened: Callable[[], Any], *, within_s: float = DEADLINE_S) -> Any:
    """Poll until `happened()` is truthy and return it; fail after `within_s`."""
    deadline = time.monotonic() + within_s
    while not (value := happened()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.002)
    return value


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(b")")[2].split()[0] not in b"ZX"


class Job:
    """A running job under test, with its folder, its log, and all its events so far."""

    def __init__(self, running: RunningJob, folder: Path) -> None:
        self.running = running
        self.folder = folder
        self.events: list[Event] = running.next_events()

    def wait_for(self, kind: type[_Event], *, within_s: float = DEADLINE_S) -> _Event:
        deadline = time.monotonic() + within_s
        while not (found := [event for event in self.events if isinstance(event, kind)]):
            assert time.monotonic() < deadline, f"no {kind.__name__} within {within_s} s, only {self.events}"
            self.events += self.running.wait(0.5)
        return found[0]

    def finish(self) -> Exited:
        """Wait until nothing of the job is left, and return how its main process ended."""
        self.wait_for(Gone)
        self.running.close()
        assert not self.has(InitLost)
        return self.wait_for(Exited)

    def has(self, kind: type[Any]) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def pids(self, count: int) -> list[int]:
        """Wait until the job has noted `count` processes in its output folder, and return them."""
        path = self.folder / "work/output/pids"
        return until(
            lambda: path.exists() and len(pids := [int(word) for word in path.read_text().split()]) >= count and pids
        )


def launch(zygote: Zygote, folder: Path, *argv: str, timeout_s: float = DEADLINE_S, **options: Any) -> Job:
    """Start a program, or with `task=` the training child, in a folder of its own."""
    home = folder / f"attempt-{next(_numbers)}"
    home.mkdir()
    log = os.open(home / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        request = LaunchRequest(
            job_id="job_test", attempt=1, workdir=home / "work", log_fd=log, threads=1, argv=argv or None, **options
        )
        _launched.append(zygote.start(request, timeout_s=timeout_s))
        return Job(_launched[-1], home)
    finally:
        os.close(log)


def close_all() -> None:
    """Let go of every job that a test launched; those that still run are killed by their inits."""
    while _launched:
        _launched.pop().close()


def python(code: str) -> tuple[str, ...]:
    """Return the arguments that run `code` in a fresh interpreter."""
    return (sys.executable, "-I", "-S", "-c", code)


STUBBORN_TREE = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)

def stay():
    with open(os.environ["TRAINSHED_OUTPUT_DIR"] + "/pids", "a") as file:
        file.write(f"{os.getpid()}\\n")
    while True:
        signal.pause()

if os.fork() == 0:           # a child in a session of its own
    os.setsid()
    if os.fork() == 0:       # a daemon whose parent is gone
        if os.fork() == 0:
            os.setsid()
            stay()
        os._exit(0)
    stay()
stay()
"""
"""Three processes that ignore SIGTERM: the job, its child in another session, and a double-forked daemon."""
