"""The worker as a whole: what starts with it, what runs while it lives, and how it leaves.

start   register, take over what a dead worker left on this disk, start zygotes, heartbeat and poller
look    fill a free slot with work; called by hint tasks and by the poller
drain   claim no more; stop running jobs and return them to the queue uncharged
stop    wait for the slots, then say goodbye
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from functools import partial
from typing import Final

import structlog

from db import transitions, workers
from db.engine import Database, DatabaseUnavailable, open_database
from db.migrate import is_current
from db.pulse import Pulse
from db.transitions import Capacity, Claim, Moved
from db.workers import Seen, WorkerFacts
from storage import open_store
from trainshed import __version__
from trainshed.ids import new_id
from worker.attempt import Attempt, AttemptKit, Noticed
from worker.cache import DataCache
from worker.dispatch import Publisher
from worker.heartbeat import Heartbeat
from worker.launch.launcher import Launcher
from worker.logs import hand_in
from worker.plan import WorkerPlan
from worker.poller import Poller
from worker.settings import WorkerSettings
from worker.slots import Slots
from worker.spool import Spool
from worker.tally import Tally

log = structlog.get_logger(__name__)

_DRAIN_S: Final = 9.0
"""How long a drained worker waits for its slots: an orchestrator kills after ten seconds."""


_TAKE_OVER_EVERY_S: Final = 5.0
_LOOK_AGAIN_S: Final = 2.0


class Runtime:
    """One worker process."""

    def __init__(self, settings: WorkerSettings, plan: WorkerPlan) -> None:
        self.id = new_id("wrk")
        self._draining = threading.Event()
        self._leaving = threading.Event()
        self._cordoned = False
        self._settings = settings
        self._plan = plan
        self._name = settings.worker_name or socket.gethostname()
        # A connection for each slot, and one each for heartbeat, poller and goodbye.
        self._database = open_database(settings.database_url.get_secret_value(), pool_size=plan.slots + 3)
        self._spool = Spool(settings.spool, self.id)
        store = open_store(settings.store_url)
        self._publisher = Publisher(settings.broker_url.get_secret_value())
        self._launcher = Launcher(warm=settings.warm)
        self._tally = Tally()
        self._pulse = Pulse(settings.pulse_file)
        self.slots = Slots(plan.slots, self._whole())
        self._heartbeat = Heartbeat(
            self._database,
            self._facts(),
            busy=lambda: self.slots.busy,
            state=lambda: "draining" if self._draining.is_set() else "active",
            tally=self._tally,
            told=self._be_told,
            pulse=self._pulse,
        )
        self._poller = Poller(self._fill)
        self._kit = AttemptKit(
            database=self._database,
            store=store,
            cache=DataCache(self._spool.data, store, most_bytes=settings.cache_bytes),
            launcher=self._launcher,
            spool=self._spool,
            settings=settings,
            plan=plan,
            tally=self._tally,
            worker_name=self._name,
            leaving=self._leaving,
        )
        self._running: list[Attempt] = []
        self._lock = threading.Lock()

    @property
    def takes_hints(self) -> bool:
        """Whether a hint would be of use here. One that is taken in vain is one that no other worker gets."""
        return self.slots.free > 0 and not self._cordoned

    def start(self) -> None:
        """Begin to work, as soon as there is a database of the right schema."""
        self._launcher.start()
        self._await_database()
        self._heartbeat.start()
        self._publisher.start()
        self._poller.start()
        for story in (self._preempt_when_drained, self._take_over_from_time_to_time):
            threading.Thread(target=story, name=story.__name__.strip("_"), daemon=True).start()
        log.info("worker.started", id=self.id, pool=self._settings.serves, slots=self._plan.slots)

    def look(self) -> None:
        """Run jobs one after the other for as long as a slot is free and something fits. Returns when nothing does."""
        if self.slots.take():
            noticed = Noticed("hint", time.time())
            self._work(self._claim(), noticed)

    def drain(self) -> None:
        """Take no more work, and have running jobs return to the queue. Safe to call from a signal handler."""
        self._draining.set()

    def stop(self) -> None:
        """Leave: within ten seconds no job of this worker runs and all are back in the queue."""
        self.drain()
        self._poller.stop()
        deadline = time.monotonic() + _DRAIN_S
        for attempt in self._preempt_all():
            attempt.done.wait(max(0.0, deadline - time.monotonic()))
        self._leaving.set()
        self._say_goodbye()
        self._heartbeat.stop()
        self._publisher.close()
        self._launcher.stop()
        self._spool.close()
        self._database.close()
        log.info("worker.stopped", id=self.id)

    def _await_database(self) -> None:
        """Wait for a database that is up and migrated: parts of a platform start in any order."""
        while not self._draining.is_set():
            self._pulse.beat()
            try:
                if is_current(self._database):
                    return
                log.warning("database.not_migrated", remedy="run: alembic upgrade head")
            except DatabaseUnavailable as error:
                log.warning("database.unavailable", error=str(error))
            self._draining.wait(_LOOK_AGAIN_S)

    # --- claim and run ---

    def _fill(self) -> None:
        """Start a thread for each slot that finds work. The poller's way in."""
        with self._database.read() as conn:  # to look takes no write lock, and mostly there is nothing
            if not transitions.work_waits(conn, self._settings.serves):
                return
        while self.slots.take():
            claim = self._claim()
            if claim is None:
                self.slots.give()
                return
            noticed = Noticed("poll", time.time())
            threading.Thread(target=self._work, args=(claim, noticed), name="slot", daemon=True).start()

    def _work(self, claim: Claim | None, noticed: Noticed) -> None:
        """Run a job, then whatever fits next, until nothing does; then give the slot back."""
        try:
            while claim is not None:
                self._run(claim, noticed)
                noticed = Noticed("next", time.time())
                claim = self._claim()
        finally:
            self.slots.give()

    def _be_told(self, seen: Seen) -> None:
        if seen.drain != self._cordoned:
            self._cordoned = seen.drain
            log.info("worker.cordoned" if seen.drain else "worker.resumed", id=self.id)
            self._poller.wake_in(0.0)

    def _claim(self) -> Claim | None:
        if self._draining.is_set() or self._cordoned:
            return None
        try:
            claim = self.slots.claim(partial(_ask, self._database))
        except DatabaseUnavailable as error:
            log.warning("claim.failed", error=str(error))
            return None
        except Exception:
            # Whoever asks has taken a slot and must give it back, whatever went wrong.
            log.exception("claim.broken")
            return None
        if claim is not None and claim.more:
            # One hint wakes as many slots as there is work for: each claim passes it on.
            self._publisher.hint([self._settings.serves])
        return claim

    def _run(self, claim: Claim, noticed: Noticed) -> None:
        self._tally.claimed(noticed.source)
        try:
            attempt = Attempt(claim, self.slots.share_of(claim), noticed, self._kit)
            moved = self._attend(attempt)
        finally:
            self.slots.release(claim)
        if moved is not None:
            self._publisher.hint(moved.woken_pools)
            if moved.delay_s > 0:
                self._poller.wake_in(moved.delay_s)

    def _attend(self, attempt: Attempt) -> Moved | None:
        """Run an attempt while the heartbeat keeps its lease and a drain can reach it."""
        with self._lock:
            self._running.append(attempt)
        self._heartbeat.add(attempt)
        if self._draining.is_set():
            attempt.preempt()
        try:
            return attempt.run()
        finally:
            self._heartbeat.remove(attempt)
            with self._lock:
                self._running.remove(attempt)

    # --- come and go ---

    def _whole(self) -> Capacity:
        plan = self._plan
        return Capacity(
            worker_id=self.id,
            worker_name=self._name,
            pool=self._settings.serves,
            cpus=plan.cpus,
            memory_bytes=plan.memory_bytes,
            gpus=self._settings.gpus,
            slot_cpus=plan.cpus / plan.slots,
            runs_commands=plan.runs_commands,
        )

    def _facts(self) -> WorkerFacts:
        plan = self._plan
        return WorkerFacts(
            id=self.id,
            name=self._name,
            host=socket.gethostname(),
            pid=os.getpid(),
            pool=self._settings.serves,
            slots=plan.slots,
            cpus=plan.cpus,
            memory_bytes=plan.memory_bytes,
            gpus=self._settings.gpus,
            sandbox=str(plan.level),
            runs_commands=plan.runs_commands,
            versions={"trainshed": __version__, **plan.versions},
        )

    def _preempt_when_drained(self) -> None:
        """A signal handler only notes; this thread acts, also while Celery waits for a broker that is away."""
        self._draining.wait()
        self._preempt_all()

    def _preempt_all(self) -> list[Attempt]:
        with self._lock:
            running = list(self._running)
        for attempt in running:
            attempt.preempt()
        return running

    def _take_over_from_time_to_time(self) -> None:
        while not self._leaving.wait(_TAKE_OVER_EVERY_S):
            self._take_over()

    def _take_over(self) -> None:
        """Hand in the logs that dead workers on this disk left behind."""
        for folder, attempts in self._spool.abandoned():
            try:
                for attempt in attempts:
                    hand_in(self._database, attempt.lease, attempt.log)
            except DatabaseUnavailable as error:
                log.warning("takeover.postponed", folder=folder.name, error=str(error))
                continue
            shutil.rmtree(folder, ignore_errors=True)
            log.info("takeover.done", worker=folder.name, attempts=len(attempts))

    def _say_goodbye(self) -> None:
        counts = self._tally.of_row(self._tally.read())
        try:
            with self._database.begin() as conn:
                workers.seen(conn, self.id, busy=0, state="gone", counts=counts)
        except DatabaseUnavailable as error:
            log.warning("goodbye.failed", error=str(error))


def _ask(database: Database, capacity: Capacity) -> Claim | None:
    with database.begin() as conn:
        return transitions.claim(conn, capacity)
