"""A whole platform in one thread: the real worker, reconciler and API code, on simulated threads, time and wires.

Real are `worker.runtime` with all below it down to the launcher, `reconciler.loop` with its duties, what the API does
for a submit, a cancel, a hold and a release, every statement, and SQLite. Simulated are the threads and the time they
see, the database's clock, the process trees of jobs, and the broker. Each transaction is a place where its thread, or
its whole process, may be held up or killed: before it, and between its commit and the next line.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection, insert

import worker.runtime
from db.clock import db_now
from db.engine import Database, DatabaseUnavailable
from db.models import Project
from reconciler.loop import Reconciler
from tests.sim.child import Deeds, SimJob, SimTraining
from tests.sim.clients import Clients
from tests.sim.commit import Doer, Violation
from tests.sim.ending import check_end
from tests.sim.judge import Judge
from tests.sim.scheduler import Killed, Process, Scheduler, SimThreading, Thread
from tests.sim.snapshot import Witness
from tests.sim.stand_ins import StandIns, simulated
from tests.sim.virtual import Clock, wipe
from tests.stateful.shed import PROJECT, USER
from trainshed.states import TERMINAL_STATES, Actor
from worker.launch.launcher import LaunchRequest, SetupFailed
from worker.launch.sandbox import SandboxLevel
from worker.plan import WorkerPlan
from worker.settings import WorkerSettings

PATIENCE_S: Final = 3.0
_NOTICED_S: Final = 4.0
"""A reaper that could not look for longer than this begins again."""
_PLAN: Final = WorkerPlan(
    slots=2, cpus=2.0, memory_bytes=2**33, level=SandboxLevel(landlock_abi=7), runs_commands=True, versions={}
)


class SimDatabase(Database):
    """The database over a wire that may be slow, cut, or silent at the worst moment."""

    def __init__(self, database: Database, world: World) -> None:
        super().__init__(
            reader=database.reader,
            writer=database.writer,
            gate=database._gate,
            patience_s=database._patience_s,
            breaker=database._breaker,
        )
        self._world = world

    @contextmanager
    def begin(self, *, urgent: bool = False) -> Iterator[Connection]:
        self._world.reach_database()
        with super().begin(urgent=urgent) as connection:
            yield connection
            self._world.maybe_cut("before its commit")
        self._world.judge_commit()
        self._world.after_commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._world.reach_database()
        with super().read() as connection:
            yield connection

    def close(self) -> None:
        """The connections belong to the world."""


class World:
    """One run. All that happens follows from `seed`."""

    def __init__(self, seed: int, database: Database, witness: Witness, clock: Clock, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.scheduler = Scheduler(self.rng)
        self.deeds: dict[tuple[str, int], Deeds] = {}
        self.faults_end_at = self.scheduler.now + 40.0
        self.history: list[tuple[str, str, int]] = []
        """Who committed when, and how many events there were then."""
        self._plain = database
        self._clock = clock
        self._witness = witness
        self._folder = folder
        self._judge = Judge(witness.retry_of)
        self._hints: list[str] = []
        self._outages: list[tuple[float, float]] = []
        self._workers: list[_Worker] = []
        self._reconcilers: list[Process] = []
        self._clients = Process(Actor.USER, USER.key_id)
        self._next_fault_at = self.scheduler.now + self.rng.expovariate(1 / 3)
        self._offset = 0.0
        """How far the database's clock is off."""
        self._violation: Violation | None = None
        self.database = SimDatabase(database, self)
        self._people = Clients(self.rng, self.database, self._publisher(), self.scheduler.sleep)

    @property
    def met(self) -> frozenset[str]:
        """The types of events that came."""
        return frozenset(self._judge.met)

    # --- the run ---

    def run(self) -> None:
        """Live through the faults, then let all work end. Raises `Violation`."""
        with simulated(self._stand_ins()):
            self._found()
            still = self.scheduler.now + 400.0
            self.scheduler.run(until=self._is_over, at_most=still - self.scheduler.now)
            for process in (*self._reconcilers, self._clients, *(each.process for each in self._workers)):
                self.scheduler.kill(process)
            self._raise_if_violated()
            if self._people.waiting:
                raise Violation("a user waits for ever")
            check_end(self._plain, self._witness, acknowledged=self._people.acknowledged, deeds=self.deeds)

    def _found(self) -> None:
        wipe(self._plain)
        with self._plain.begin() as conn:
            conn.execute(insert(Project).values(id=PROJECT, name="sim", created_at=db_now()))
        self._judge.begin_anew(self._witness.look())
        for number in range(2):
            self._start_worker(self._folder / f"host-{number}")
            self._start_reconciler()
        for number in range(self.rng.randint(3, 6)):
            self._people.waiting += 1
            self.scheduler.spawn(self._clients, partial(self._people.live, f"r{number}"), "client")

    def _is_over(self) -> bool:
        self._clock.now = self.scheduler.now + self._offset
        self._raise_if_violated()
        if self.scheduler.now < self.faults_end_at:
            self._maybe_break_something()
            return False
        self._offset = 0.0
        jobs = self._judge.seen.jobs.values()
        return not self._people.waiting and all(job.state in TERMINAL_STATES for job in jobs) and self._is_quiet()

    def _is_quiet(self) -> bool:
        """No attempt is at work, and no log is left on a disk."""
        return not any(self._folder.glob("host-*/wrk_*/job_*"))

    def _stand_ins(self) -> StandIns:
        return StandIns(self.scheduler, self.rng, self.database, self._publisher, self._launch, self._break)

    def _break(self, why: str) -> None:
        self._violation = self._violation or Violation(why)

    def _raise_if_violated(self) -> None:
        if self._violation is not None:
            raise self._violation

    # --- what a transaction may meet ---

    def reach_database(self) -> None:
        """Go over the wire, which takes a moment or for ever. Raises `DatabaseUnavailable`."""
        draw = self.rng.random()
        held_up = draw < 0.01 and self._faulty
        self.scheduler.sleep(self.rng.choice([0.5, 5.0, 14.0, 30.0]) if held_up else 0.0)
        if self._outages and self.scheduler.now < self._outages[-1][1]:
            self.scheduler.sleep(PATIENCE_S)
            raise DatabaseUnavailable("it did not answer")
        self._clock.now = self.scheduler.now + self._offset

    def maybe_cut(self, when: str) -> None:
        """Lose the connection, now and then."""
        if self._faulty and self.rng.random() < 0.01:
            raise DatabaseUnavailable(f"the connection was cut {when}")

    def judge_commit(self) -> None:
        thread = self._thread()
        doer = Doer(thread.process.actor, thread.process.name, thread.lease)
        try:
            after = self._witness.look()
            self.history.append((f"{self.scheduler.now:.3f}", doer.name, len(after.events)))
            self._judge.see(after, doer, now=self._clock.now, true_now=self.scheduler.now, outages=self._outages)
        except Violation as violation:
            self._violation = self._violation or violation
            raise Killed from violation

    def after_commit(self) -> None:
        """Between a commit and the next line: cut, held up, or killed."""
        if not self._faulty:
            return
        draw = self.rng.random()
        if draw < 0.004 and self._thread().process is not self._clients:
            self._crash(self._thread().process)
            raise Killed
        if draw < 0.02:
            raise DatabaseUnavailable("the connection was cut after its commit")
        if draw < 0.04:
            self.scheduler.sleep(self.rng.choice([0.5, 5.0, 14.0, 30.0]))

    @property
    def _faulty(self) -> bool:
        return self.scheduler.now < self.faults_end_at

    def _thread(self) -> Thread:
        assert self.scheduler.current is not None
        return self.scheduler.current

    # --- faults ---

    def _maybe_break_something(self) -> None:
        if self.scheduler.now < self._next_fault_at:
            return
        self._next_fault_at = self.scheduler.now + self.rng.expovariate(1 / 3)
        fault = self.rng.choice(
            [
                self._kill_worker,
                self._freeze,
                self._kill_reconciler,
                self._outage,
                self._jump,
                self._hints.clear,
                self._drain,
            ]
        )
        fault()

    def _kill_worker(self) -> None:
        self._crash(self.rng.choice(self._workers).process)

    def _kill_reconciler(self) -> None:
        self._crash(self.rng.choice(self._reconcilers))

    def _crash(self, process: Process) -> None:
        """kill -9, and a new one in its place."""
        process.alive = False
        if process in self._reconcilers:
            self._reconcilers.remove(process)
            self._start_reconciler()
            return
        (dead,) = [each for each in self._workers if each.process is process]
        self._workers.remove(dead)
        dead.die()
        self._start_worker(dead.host)

    def _freeze(self) -> None:
        process = self.rng.choice([*self._reconcilers, *(each.process for each in self._workers)])
        process.frozen_until = self.scheduler.now + self.rng.choice([2.0, 10.0, 14.0, 25.0])

    def _outage(self) -> None:
        lasts_s = self.rng.choice([1.0, 6.0, 16.0])
        now = self.scheduler.now
        if lasts_s > _NOTICED_S and (not self._outages or self._outages[-1][1] < now):
            self._outages.append((now, now + lasts_s))

    def _jump(self) -> None:
        self._offset = self.rng.choice([0.0, 30.0, -30.0, 5.0])

    def _drain(self) -> None:
        worker_ = self.rng.choice(self._workers)
        if worker_.runtime is not None and not worker_.is_leaving:
            worker_.is_leaving = True
            self.scheduler.spawn(worker_.process, lambda: self._leave(worker_), "sigterm")

    def _leave(self, worker_: _Worker) -> None:
        assert worker_.runtime is not None
        worker_.runtime.stop()
        worker_.lock_is_open = False
        if worker_ in self._workers:
            self._crash(worker_.process)

    # --- processes ---

    def _start_worker(self, host: Path) -> None:
        started = _Worker(host)
        self._workers.append(started)
        self.scheduler.spawn(started.process, lambda: self._be_worker(started), "main")

    def _be_worker(self, worker_: _Worker) -> None:
        self.scheduler.sleep(self.rng.uniform(0.1, 3.0))
        settings = WorkerSettings(
            spool=worker_.host, store_url=str(self._folder / "store"), worker_name=worker_.host.name
        )
        runtime = worker.runtime.Runtime(settings, _PLAN)
        worker_.runtime, worker_.lock_is_open, worker_.process.name = runtime, True, runtime.id
        runtime.start()
        while True:
            self.scheduler.sleep(self.rng.uniform(0.1, 0.5))
            if self._hints and runtime.takes_hints:
                self._hints.pop()
                self.scheduler.spawn(worker_.process, runtime.look, "hint")

    def _start_reconciler(self) -> None:
        process = Process(Actor.RECONCILER, "rec")
        self._reconcilers.append(process)
        self.scheduler.spawn(process, lambda: self._be_reconciler(process), "main")

    def _be_reconciler(self, process: Process) -> None:
        self.scheduler.sleep(self.rng.uniform(0.0, 2.0))
        one: Any = Reconciler(self.database, self._publisher())
        process.name = one._by.cause
        one._reaper._clock = lambda: self.scheduler.now
        one._upkeep = []  # looks after what nobody here leaves behind
        one.run(SimThreading(self.scheduler).Event())

    def _publisher(self, _: str = "") -> Any:
        def hint(pools: Any) -> None:
            for pool in sorted(pools):
                # Lost, or delivered once or twice.
                self._hints += [pool] * (self.rng.choice([0, 1, 1, 1, 2]) if self._faulty else 1)
                del self._hints[64:]

        return SimpleNamespace(hint=hint, start=lambda: None, close=lambda: None)

    def _launch(self, request: LaunchRequest) -> SimJob:
        if self._faulty and self.rng.random() < 0.05:
            raise SetupFailed("the zygote is starting again")
        deeds = self.deeds.setdefault((request.job_id, request.attempt), Deeds())
        kind = SimJob if request.task is None else SimTraining
        return kind(self.scheduler, request, self.rng, deeds)


class _Worker:
    """A worker process and the disk of its host."""

    def __init__(self, host: Path) -> None:
        self.host = host
        self.process = Process(Actor.WORKER, "wrk")
        self.runtime: Any = None
        self.lock_is_open = False
        self.is_leaving = False

    def die(self) -> None:
        """What the system does for a process that died: it lets go of its locks."""
        if self.lock_is_open:
            with suppress(OSError):
                os.close(self.runtime._spool._lock)
            self.lock_is_open = False


def run_seed(seed: int, database: Database, witness: Witness, clock: Clock, folder: Path) -> World:
    """Run one world in `folder`, which is emptied first. Raises `Violation`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    world = World(seed, database, witness, clock, folder)
    world.run()
    return world
