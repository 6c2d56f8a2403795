"""The process tree of a simulated job: it reports points, prints, and ends, at times that were drawn before.

A training also writes states of itself, and goes on from the latest one that it is given. A state holds all points up
to it: so an eye that sees everything knows which points the series must have in the end."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.sim.scheduler import Scheduler
from trainshed.states import AttemptOutcome
from worker.launch.events import Event, Exited, Gone, Started
from worker.launch.launcher import LaunchRequest
from worker.launch.sandbox import SandboxLevel
from worker.launch.usage import Usage
from worker.protocol import Begun, Metrics, Result, Saved

_LEVEL = SandboxLevel(landlock_abi=7)


@dataclass(slots=True)
class Deeds:
    """What one attempt did, as an all-seeing eye notes it."""

    printed: bytearray = field(default_factory=bytearray)
    points: dict[tuple[str, int], float] = field(default_factory=dict)
    """Those it went on from, and its own."""
    began_at: int = 0
    """The step that it went on from."""


class SimJob:
    """A running job, as `worker.launch.running.RunningJob` is to its supervisor."""

    def __init__(self, scheduler: Scheduler, request: LaunchRequest, rng: random.Random, deeds: Deeds) -> None:
        self._scheduler = scheduler
        self._deeds = deeds
        self._log = os.dup(request.log_fd)
        self._output = request.workdir / "output" / "result"
        self._number = request.attempt
        self._is_closed = False
        self._launched_at = scheduler.now
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

    def measure(self) -> Usage:
        """Half a processor since its launch, and a mebibyte."""
        return Usage(cpu_s=(self._scheduler.now - self._launched_at) / 2, memory_bytes=1 << 20)

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


class SimTraining(SimJob):
    """A training of as many steps as its spec has epochs."""

    def __init__(self, scheduler: Scheduler, request: LaunchRequest, rng: random.Random, deeds: Deeds) -> None:
        super().__init__(scheduler, request, rng, deeds)
        assert request.task is not None
        self._states = request.workdir / "checkpoints"
        self._saved = 0
        self._steps = request.task["training"]["epochs"]
        deeds.points.update(_state_in(request.states[0]) if request.states else {})
        deeds.began_at = begins_at = len(deeds.points)
        at, end = scheduler.now + 0.1, self._plan[-1][1]
        self._plan = [self._plan[0], (at, lambda: [Begun(step=begins_at, epoch=0)])]
        for step in range(begins_at + 1, self._steps + 1):
            at += rng.choice([0.1, 0.5, 2.0])
            self._plan.append((at, lambda step=step: self._work(step)))  # type: ignore[misc]
            if rng.random() < 0.5:
                self._plan.append((at, self._save))
        self._plan.append((at + rng.choice([0.0, 0.3, 15.0]), end))

    def terminate(self, grace_s: float) -> None:
        """It writes a state before it ends, as the real one does."""
        super().terminate(grace_s)
        self._plan.insert(0, (self._plan[0][0], self._save))

    def _save(self) -> list[Event]:
        self._saved += 1
        name, points = f"state-{self._saved}", sorted(self._deeds.points.items())
        (self._states / name).write_text(json.dumps(points))
        return [Saved(step=len(points), name=name)]

    def _end(self, status: int) -> list[Event]:
        result = [Result(outcome=AttemptOutcome.SUCCEEDED)] if status == 0 else []
        return [*result, *super()._end(status)]


def _state_in(path: Path) -> dict[tuple[str, int], float]:
    return {(series, step): value for (series, step), value in json.loads(path.read_text())}


class SimLauncher:
    """Starts simulated jobs; now and then one that cannot be started."""

    def __init__(self, launch: Callable[[LaunchRequest], SimJob]) -> None:
        self.launch = launch

    def start(self) -> None:
        return

    def stop(self) -> None:
        return
