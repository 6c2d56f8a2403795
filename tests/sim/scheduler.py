"""Threads that are none: each runs until it waits, and which one goes on is drawn from a seed.

`SimThreading` and `SimTime` take the place of `threading` and `time` in the modules of the worker and the reconciler. A
thread becomes a greenlet, a wait gives the turn away, and time passes only when nobody can go on. So the same seed
gives the same run, to the last commit.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from greenlet import greenlet

from db.engine import DatabaseUnavailable
from db.leases import Lease
from trainshed.states import Actor

_FOREVER = float("inf")


class Killed(BaseException):
    """The process of this thread was killed: it does nothing any more."""


class StuckError(Exception):
    """Nobody will ever go on."""


@dataclass(eq=False)
class Process:
    """A process of the platform. Killed, all its threads end where they are; frozen, they stand still."""

    actor: Actor
    name: str
    alive: bool = True
    frozen_until: float = 0.0
    threads: list[Thread] = field(default_factory=list)


class Thread:
    """One thread: what `threading.Thread` is to the code that runs in it."""

    def __init__(self, scheduler: Scheduler, process: Process, target: Callable[[], object], name: str) -> None:
        self.process = process
        self.name = name
        self.wake_at = scheduler.now
        self.lease: Lease | None = None
        """The attempt on whose behalf it acts."""
        self._scheduler = scheduler
        self._target = target
        self._joining: list[Thread] = []
        self.greenlet: Any = greenlet(self._run, parent=scheduler.hub)

    def start(self) -> None:
        self.wake_at = self._scheduler.now
        self.process.threads.append(self)
        self._scheduler.threads.append(self)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        waiting = self._scheduler.current
        assert waiting is not None
        self._joining.append(waiting)
        self._scheduler.wait(lambda: self.greenlet.dead, timeout)

    def bury(self) -> None:
        """Take it out of all lists, and tell who waits for its end."""
        self._scheduler.threads.remove(self)
        self.process.threads.remove(self)
        self._scheduler.nudge(self._joining)

    def _run(self) -> None:
        # A thread that could not reach the database, with no time left to try again, just ends.
        with suppress(Killed, DatabaseUnavailable):
            self._target()


class Scheduler:
    """Hands out turns."""

    def __init__(self, rng: random.Random) -> None:
        self.now = 1_000_000.0
        """Seconds, by a clock that nobody moves."""
        self.threads: list[Thread] = []
        self.hub: Any = greenlet.getcurrent()  # type: ignore[attr-defined]
        self.current: Thread | None = None
        self._rng = rng

    def spawn(self, process: Process, target: Callable[[], object], name: str) -> Thread:
        """Start a thread."""
        thread = Thread(self, process, target, name)
        thread.start()
        return thread

    def run(self, *, until: Callable[[], bool], at_most: float) -> bool:
        """Hand out turns until `until` holds, or for `at_most` seconds. Returns whether it holds."""
        deadline = self.now + at_most
        while not until():
            if self.now > deadline:
                return False
            self._bury()
            self._turn()
        return True

    def _bury(self) -> None:
        """A process that died in its own turn takes its other threads with it."""
        for process in dict.fromkeys(thread.process for thread in self.threads if not thread.process.alive):
            self.kill(process)

    def sleep(self, seconds: float) -> None:
        """Let others go on for `seconds`; with 0, whoever is next."""
        thread = self.current
        assert thread is not None
        if not thread.process.alive:
            raise Killed
        thread.wake_at = self.now + seconds
        self.hub.switch()
        if not thread.process.alive:
            raise Killed

    def wait(self, condition: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `condition` holds, and no longer than `timeout`. Returns whether it holds."""
        deadline = _FOREVER if timeout is None else self.now + timeout
        while not condition() and self.now < deadline:
            self.sleep(deadline - self.now)
        return condition()

    def nudge(self, threads: list[Thread]) -> None:
        """Have waiting threads look at their condition again."""
        for thread in threads:
            thread.wake_at = min(thread.wake_at, self.now)

    def kill(self, process: Process) -> None:
        """End all threads of a process where they are. For whoever hands out turns, not for a thread."""
        process.alive = False
        for thread in list(process.threads):
            self.threads.remove(thread)
            if thread.greenlet and not thread.greenlet.dead:
                self._switch(thread, lambda each: each.throw(Killed))
        process.threads.clear()

    def _turn(self) -> None:
        ready = [thread for thread in self.threads if max(thread.wake_at, thread.process.frozen_until) <= self.now]
        if not ready:
            self._let_time_pass()
            return
        thread = self._rng.choice(ready)
        self._switch(thread, lambda each: each.switch())
        if thread.greenlet.dead and thread in self.threads:
            thread.bury()

    def _let_time_pass(self) -> None:
        times = [max(thread.wake_at, thread.process.frozen_until) for thread in self.threads]
        self.now = min(times, default=_FOREVER)
        if self.now == _FOREVER:
            raise StuckError("every thread waits for another one")

    def _switch(self, thread: Thread, go: Callable[[Any], None]) -> None:
        self.current = thread
        try:
            go(thread.greenlet)
        finally:
            self.current = None


class SimThreading:
    """The module `threading`, for the threads of one scheduler."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def Thread(  # noqa: N802 - the name that it stands in for
        self, *, target: Callable[..., object], args: tuple[Any, ...] = (), name: str = "", daemon: bool = True
    ) -> Thread:
        current = self._scheduler.current
        assert current is not None
        return Thread(self._scheduler, current.process, lambda: target(*args), name)

    def Lock(self) -> SimLock:  # noqa: N802
        return SimLock(self._scheduler)

    def Event(self) -> SimEvent:  # noqa: N802
        return SimEvent(self._scheduler)

    def Condition(self) -> SimCondition:  # noqa: N802
        return SimCondition(self._scheduler)


class SimLock:
    """`threading.Lock`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._is_held = False
        self._waiting: list[Thread] = []

    def __enter__(self) -> None:
        thread = self._scheduler.current
        if thread is not None and self._is_held:
            self._waiting.append(thread)
            try:
                self._scheduler.wait(lambda: not self._is_held, None)
            finally:
                self._waiting.remove(thread)
        self._is_held = True

    def __exit__(self, *exc: object) -> None:
        self._is_held = False
        self._scheduler.nudge(self._waiting)


class SimEvent:
    """`threading.Event`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._is_set = False
        self._waiting: list[Thread] = []

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        self._scheduler.nudge(self._waiting)

    def wait(self, timeout: float | None = None) -> bool:
        thread = self._scheduler.current
        assert thread is not None
        self._waiting.append(thread)
        try:
            return self._scheduler.wait(self.is_set, timeout)
        finally:
            self._waiting.remove(thread)


class SimCondition:
    """`threading.Condition`. Nobody else runs between two waits, so there is nothing to lock."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiting: list[Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def notify(self) -> None:
        self._scheduler.nudge(self._waiting)

    notify_all = notify

    def wait(self, timeout: float | None = None) -> None:
        thread = self._scheduler.current
        assert thread is not None
        self._waiting.append(thread)
        try:
            self._scheduler.sleep(_FOREVER if timeout is None else timeout)
        finally:
            self._waiting.remove(thread)

    def wait_for(self, predicate: Callable[[], bool]) -> bool:
        """Wait until `predicate` holds."""
        while not predicate():
            self.wait()
        return True


class SimTime:
    """The module `time`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def monotonic(self) -> float:
        return self._scheduler.now

    time = monotonic
