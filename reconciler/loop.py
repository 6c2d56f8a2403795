"""Runs the duties, each at its own pace, until told to stop. Any number of copies may run: there is no leader.

There are two rows of them, each in a thread of its own: those that jobs wait for, and the upkeep, which may have to
wait for a slow store. Nothing of the second keeps the first from its time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from db.engine import Database, DatabaseUnavailable
from db.pulse import Pulse
from db.transitions import By
from reconciler import expire, prune, rehint, unblock, uploads
from reconciler.collect import Collector
from reconciler.compact import Compactor
from reconciler.reap import Reaper
from reconciler.retain import Retainer
from storage import Store, StoreError
from trainshed.ids import new_id
from trainshed.states import Actor
from worker.dispatch import Publisher

log = structlog.get_logger(__name__)

TICK_S: Final = 1.0
_STOP_WITHIN_S: Final = 3.0
"""How long the upkeep may take to end. It may be killed anywhere: what it was at is taken up by the next one."""


@dataclass(slots=True)
class _Duty:
    name: str
    every_s: float
    run: Callable[[], Any]
    due_at: float = 0.0


class Reconciler:
    """One copy of the reconciler."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        *,
        store: Store | None = None,
        collect_garbage: bool = True,
        pulse: Pulse | None = None,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._by = By(Actor.RECONCILER, new_id("rec"))
        self._reaper = Reaper(self._by)
        self._duties = (
            _Duty("pulse", TICK_S, (pulse or Pulse(None)).beat),
            _Duty("reap", TICK_S, self._reap),
            _Duty("rehint", TICK_S, self._rehint),
            _Duty("expire", TICK_S, self._expire),
            _Duty("unblock", 5.0, self._unblock),
            _Duty("prune", 10.0, lambda: prune.run_once(self._database)),
            _Duty("uploads", 60.0, lambda: uploads.run_once(self._database)),
        )
        self._upkeep = [_Duty("retain", 30.0, Retainer(database).run_once)]
        if store is not None:
            self._upkeep.append(_Duty("compact", 10.0, Compactor(database, store).run_once))
        if store is not None and collect_garbage:
            self._upkeep.append(_Duty("collect", 10.0, Collector(database, store).run_once))

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set."""
        log.info("reconciler.started", id=self._by.cause)
        upkeep = threading.Thread(target=self._go_round, args=(self._upkeep, stop), name="upkeep", daemon=True)
        upkeep.start()
        self._go_round(self._duties, stop)
        upkeep.join(_STOP_WITHIN_S)

    def _go_round(self, duties: Sequence[_Duty], stop: threading.Event) -> None:
        while not stop.is_set():
            for duty in duties:
                self._run_if_due(duty)
            stop.wait(TICK_S)

    def _run_if_due(self, duty: _Duty) -> None:
        now = time.monotonic()
        if now < duty.due_at:
            return
        duty.due_at = now + duty.every_s
        try:
            duty.run()
        except (DatabaseUnavailable, StoreError) as error:
            log.warning("duty.postponed", duty=duty.name, error=str(error))
        except Exception:
            # One duty that fails must not keep the others from theirs.
            log.exception("duty.failed", duty=duty.name)

    def _reap(self) -> None:
        counts = self._reaper.run_once(self._database)
        self._publisher.hint(counts.woken_pools)
        for job_id in counts.reaped:
            log.warning("job.reaped", job_id=job_id)

    def _rehint(self) -> None:
        self._publisher.hint(rehint.run_once(self._database).pools)

    def _expire(self) -> None:
        for job_id in expire.run_once(self._database, self._by).expired:
            log.info("job.expired", job_id=job_id)

    def _unblock(self) -> None:
        self._publisher.hint(unblock.run_once(self._database, self._by).woken_pools)
