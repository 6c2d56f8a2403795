"""Puts simulated threads, time, wires and process trees into the modules of the platform, for the length of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import structlog

import reconciler.loop
import reconciler.reap
import trainshed.ids
import worker.attempt
import worker.checkpoints
import worker.heartbeat
import worker.poller
import worker.reporter
import worker.runtime
import worker.slots
import worker.supervision
from db.engine import Database
from tests.sim.child import SimJob, SimLauncher
from tests.sim.scheduler import Scheduler, SimThreading, SimTime
from worker.attempt import Attempt
from worker.launch.launcher import LaunchRequest

_THREADED: Final = (
    *(worker.runtime, worker.attempt, worker.poller, worker.heartbeat, worker.supervision, worker.slots),
    *(worker.checkpoints, reconciler.loop),
)
_TIMED: Final = (
    *(worker.runtime, worker.attempt, worker.poller, worker.heartbeat, worker.supervision, worker.reporter),
    reconciler.loop,
)
_DRAWING: Final = (worker.attempt, worker.poller, reconciler.reap)
_BROKEN: Final = frozenset({"duty.failed", "heartbeat.broken", "claim.broken", "poll.failed"})
"""What a process logs when it met something that it did not expect."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """What the platform finds in place of the outside."""

    scheduler: Scheduler
    rng: Random
    database: Database
    publisher: Callable[[str], Any]
    launch: Callable[[LaunchRequest], SimJob]
    on_broken: Callable[[str], None]


@contextmanager
def simulated(outside: StandIns) -> Iterator[None]:
    """Run the block in simulation."""
    threads, time, numbers = SimThreading(outside.scheduler), SimTime(outside.scheduler), count(1)
    replaced: list[tuple[Any, str, Any]] = [
        (worker.runtime, "open_database", lambda *_, **__: outside.database),
        (worker.runtime, "is_current", lambda _: True),
        (worker.runtime, "Publisher", outside.publisher),
        (worker.runtime, "Launcher", lambda **_: SimLauncher(outside.launch)),
        (worker.runtime, "Attempt", _attempt_of(outside.scheduler)),
        (trainshed.ids, "_ascending", SimpleNamespace(next=lambda: next(numbers) << 74)),
        *((module, "threading", threads) for module in _THREADED),
        *((module, "time", time) for module in _TIMED),
        *((module, "random", outside.rng) for module in _DRAWING),
    ]
    with ExitStack() as stack:
        for module, name, value in replaced:
            stack.enter_context(patch.object(module, name, value))
        stack.enter_context(_listening(outside.on_broken))
        yield


def _attempt_of(scheduler: Scheduler) -> type[Attempt]:
    class SimAttempt(Attempt):
        """The real one, which tells the judge on whose behalf its thread acts."""

        def run(self) -> Any:
            thread = scheduler.current
            assert thread is not None
            thread.lease = self.lease
            try:
                return super().run()
            finally:
                thread.lease = None

    return SimAttempt


@contextmanager
def _listening(on_broken: Callable[[str], None]) -> Iterator[None]:
    """Hear what the processes log. That a database is away surprises none of them."""

    def hear(logger: Any, method: str, event: Any) -> Any:
        if event["event"] in _BROKEN and "DatabaseUnavailable" not in event.get("exception", ""):
            on_broken(f"{event}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, hear], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
