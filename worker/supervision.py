"""Watches one running job from its start until nothing of it is left.

while something of it lives: take what it says, carry out what is asked of it, write reports twice a second
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, assert_never

import structlog

from db.checkpoints import Origin, SavedState
from db.engine import DatabaseUnavailable
from db.reports import Point
from trainshed.specs import Guards, Timeout
from worker.checkpoints import CheckpointCarrier
from worker.launch.events import BadFrame, ChannelClosed, Event, Exited, Gone, InitLost, NotStarted, Started
from worker.launch.running import RunningJob
from worker.points import PointsLost
from worker.program_reports import ProgramReports
from worker.protocol import Begun, ChildFrame, Hello, Metrics, Progress, Result, Saved
from worker.reporter import Pace, Reporter, Superseded
from worker.stall import StallWatch
from worker.usage import UsageWatch
from worker.verdict import Seen, Stop

log = structlog.get_logger(__name__)

_LOOK_S: Final = 0.2
_FLUSH_S: Final = 0.5
_DRAIN_GRACE_S: Final = 5.0
"""A drained worker has ten seconds in all."""


class Orders:
    """What others (heartbeat, drain) ask of a running job. The weightiest one counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Stop | None = None

    @property
    def stop(self) -> Stop | None:
        return self._stop

    def give(self, stop: Stop) -> None:
        with self._lock:
            if stop.outweighs(self._stop):
                self._stop = stop


class Supervision:
    """The supervisor of one attempt."""

    def __init__(
        self,
        running: RunningJob,
        reporter: Reporter,
        carrier: CheckpointCarrier,
        orders: Orders,
        *,
        timeout: Timeout,
        seen: Seen,
        guards: Guards | None = None,
        on_start: Callable[[], None] = lambda: None,
        on_fenced: Callable[[], None] = lambda: None,
        program: ProgramReports | None = None,
        usage: UsageWatch | None = None,
    ) -> None:
        """`on_start` hears that the job's code runs, `on_fenced` that a report was refused.

        A program reports by `program`, a training child by its channel; `guards` are those of a training, and `usage`
        is what it takes.
        """
        self._running = running
        self._reporter = reporter
        self._carrier = carrier
        self._orders = orders
        self._timeout = timeout
        self._seen = seen
        self._on_start = on_start
        self._on_fenced = on_fenced
        self._program = program
        self._usage = usage
        self._flush_pace = Pace(_FLUSH_S)
        self._deadline = time.monotonic() + timeout.run if timeout.run else None
        self._stall_watch = StallWatch(guards, time.monotonic()) if guards else None
        self._is_over = False

    def watch(self) -> Seen:
        """Return what was seen, when no process of the job is left."""
        while not self._is_over:
            for event in self._running.wait(_LOOK_S):
                self._take(event)
            self._check_deadline()
            self._check_stall()
            self._carry_out_orders()
            self._sample_usage()
            if self._flush_pace.is_due():
                self._flush()
        self._hear_the_rest()
        # What the job saved last is what the next attempt goes on from.
        self._add_states(self._carrier.finish())
        return self._seen

    def _take(self, event: Event) -> None:
        match event:
            case Started(level=level, forked_at=forked_at, sandboxed_at=sandboxed_at):
                timeline = {"forked": forked_at, "sandboxed": sandboxed_at}
                self._reporter.amend_start(sandbox=str(level), timeline=timeline)
                self._on_start()
            case NotStarted():
                self._seen.not_started = event
            case BadFrame():
                self._seen.bad_frame = event
                self._running.kill()
            case Exited():
                self._seen.exited = event
            case Gone(user_s=user_s, system_s=system_s):
                self._seen.cpu_s = user_s + system_s
                self._is_over = True
            case InitLost():
                self._is_over = self._running.sweep()
            case ChannelClosed():
                return
            case _:
                self._hear(event)

    def _hear(self, frame: ChildFrame) -> None:
        match frame:
            case Begun(step=step, epoch=epoch, warnings=warnings):
                self._reporter.begun(Origin(step, epoch), warnings=warnings)
            case Metrics(points=points):
                self._add_points([Point(series, step, value) for series, step, value in points])
            case Saved():
                self._carrier.announce(frame)
            case Progress():
                if self._stall_watch is not None:
                    self._stall_watch.heard(frame, time.monotonic())
                self._reporter.set_progress(frame.model_dump(mode="json", exclude={"frame"}))
            case Result():
                self._seen.result = frame
            case Hello():
                return
            case _:
                assert_never(frame)

    def _add_points(self, points: list[Point]) -> None:
        if self._seen.lost is not None:
            return
        try:
            self._reporter.add_points(points)
        except PointsLost as error:
            log.warning("points.lost", error=str(error))
            self._seen.lost = str(error)
            self._running.kill()

    def _check_deadline(self) -> None:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._orders.give(Stop.TIMEOUT)

    def _check_stall(self) -> None:
        if self._stall_watch is None or self._seen.exited is not None or self._orders.stop is not None:
            return
        self._seen.stall = self._stall_watch.why(time.monotonic())
        if self._seen.stall is not None:
            self._orders.give(Stop.STALL)

    def _sample_usage(self) -> None:
        if self._usage is None or self._seen.exited is not None:
            return
        with suppress(PointsLost):  # no job shall end because of what it did not report itself
            self._reporter.add_points(self._usage.look(time.monotonic(), self._running.measure))

    def _carry_out_orders(self) -> None:
        stop = self._orders.stop
        if stop is None or not stop.outweighs(self._seen.stop) or self._seen.exited is not None:
            return
        self._seen.stop = stop
        log.info("job.stopping", why=stop.value)
        match stop:
            case Stop.SUPERSEDED:
                self._running.kill()
            case Stop.DRAIN:
                self._running.terminate(min(self._timeout.grace, _DRAIN_GRACE_S))
            case Stop.PAUSE | Stop.CANCEL | Stop.TIMEOUT | Stop.STALL:
                self._running.terminate(self._timeout.grace)

    def _hear_the_rest(self) -> None:
        if self._program is None:
            return
        for frame in self._program.read_rest():
            self._hear(frame)
        if self._program.left_out:
            self._reporter.add_facts({"reports_left_out": self._program.left_out})

    def _add_states(self, states: list[SavedState]) -> None:
        if self._seen.lost is None:  # else an attempt that goes on from them would leave a gap before it
            self._reporter.add_states(states)

    def _flush(self) -> None:
        for frame in self._program.read() if self._program else ():
            self._hear(frame)
        self._add_states(self._carrier.take())
        try:
            self._reporter.flush()
        except Superseded:
            self._on_fenced()
            self._orders.give(Stop.SUPERSEDED)
        except DatabaseUnavailable as error:
            log.warning("report.postponed", error=str(error))
