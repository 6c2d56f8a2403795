"""The process tree of a simulated job: it reports points, prints, and ends, at times that were drawn before."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.sim.scheduler import Scheduler
from worker.launch.events import Event, Exited, Gone, Started
from worker.launch.launcher import LaunchRequest
from worker.launch.sandbox import SandboxLevel
from worker.protocol import Metrics

_LEVEL = SandboxLevel(landlock_abi=7)


@dataclass(slots=True)
class Deeds:
    """What one attempt did, as an all-seeing eye notes it."""

    printed: bytearray = field(default_factory=bytearray)
    points: dict[tuple[str, int], float] = field(default_factory=dict)


class SimJob:
    """A running job, as `worker.launch.running.RunningJob` is to its supervisor."""

    def __init__(self, scheduler: Scheduler, request: LaunchRequest, rng: random.Random, deeds: Deeds) -> None:
        self._scheduler = scheduler
        self._deeds = deeds
        self._log = os.dup(request.log_fd)
        self._output = request.workdir / "output" / "result"
        self._number = request.attempt
        self._is_closed = False
        self._plan: list[tuple[float, Callable[[], list[Event]]]] = [(scheduler.now + 0.05, self._start)]
        at = scheduler.now + 0.1
        for step in range(rng.randint(0, 4)):
            at += rng.choice([0.1, 0.5, 2.0])
            self._plan.append((at, lambda step=step: self._work(step)))  # type: ignore[misc]
        end = rng.choices([0, 1, -9], weights=[7, 1, 2])[0]
        self._plan.append((at + rng.choice([0.0, 0.3, 15.0]), lambda: self._end(end)))

    def wait(self, timeout_s: float) -> list[Event]:
        """Return what has come, after at most `timeout_s`."""
        due = self._plan[0][0] if self._plan else self._scheduler.now + timeout_s
        self._scheduler.sleep(max(0.0, min(timeout_s, due - self._scheduler.now)))
        events: list[Event] = []
        while self._plan and self._plan[0][0] <= self._scheduler.now:
            events += self._plan.pop(0)[1]()
        return events

    def terminate(self, grace_s: float) -> None:
        self._plan = [(self._scheduler.now + min(grace_s, 0.5), lambda: self._end(-15))]

    def kill(self) -> None:
        self._plan = [(self._scheduler.now, lambda: self._end(-9))]

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            os.close(self._log)

    def _start(self) -> list[Event]:
        now = self._scheduler.now
        return [Started(pid=2, start_ticks=1, init_pid=1, level=_LEVEL, forked_at=now, sandboxed_at=now)]

    def _work(self, step: int) -> list[Event]:
        line = f"attempt {self._number} step {step}\n".encode()
        os.write(self._log, line)
        self._deeds.printed += line
        self._output.write_text(f"{self._number} {step}")
        value = float(100 * self._number + step)
        self._deeds.points["loss", step] = value
        return [Metrics(points=(("loss", step, value),))]

    def _end(self, status: int) -> list[Event]:
        code, signal = (status, None) if status >= 0 else (None, -status)
        exited = Exited(code=code, signal=signal, user_s=0.0, system_s=0.0, max_rss_bytes=0, out_of_memory=False)
        return [exited, Gone(user_s=0.0, system_s=0.0)]


class SimLauncher:
    """Starts simulated jobs; now and then one that cannot be started."""

    def __init__(self, launch: Callable[[LaunchRequest], SimJob]) -> None:
        self.launch = launch

    def start(self) -> None:
        return

    def stop(self) -> None:
        return
