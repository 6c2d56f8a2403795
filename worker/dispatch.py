"""Tells workers that there may be work. All that the API and the reconciler know of the worker.

A hint is `{"pool": "cpu"}`: it names no job, and may be lost, doubled, late or forged with no effect but latency.
`Publisher.hint` never blocks and never fails: a thread of its own does the sending, and a dead broker costs the caller
nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Final

import structlog
from celery import Celery

from worker.celery_config import HINT_TASK, broker_client, broker_key_of, celery_settings, queue_of

log = structlog.get_logger(__name__)

_RETRY_S: Final = 1.0
_MOST_WAITING: Final = 64
"""Hints that wait in the broker for one pool. While all workers are busy nobody takes them; more say nothing more."""


class Publisher:
    """Sends hints from a thread of its own, at most one in flight for each pool."""

    def __init__(self, broker_url: str) -> None:
        self._celery = Celery("trainshed", set_as_current=False)
        self._celery.conf.update(celery_settings(broker_url))
        self._broker = broker_client(broker_url)
        self._pending: set[str] = set()
        self._crowded: set[str] = set()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
        self.healthy = True
        """Whether the latest hint reached the broker."""

    def start(self) -> None:
        self._thread.start()

    def hint(self, pools: Iterable[str]) -> None:
        """Wake a worker of each pool, soon. Hints for one pool that has not been told yet become one."""
        with self._changed:
            self._pending.update(pools)
            self._changed.notify()

    def close(self) -> None:
        """Stop sending. What has not been sent is not lost: the reconciler hints again, and workers poll."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout=2)
        self._celery.close()
        self._broker.close()

    def _run(self) -> None:
        while (pool := self._next()) is not None:
            try:
                self._send(pool)
            except Exception as error:  # noqa: BLE001 - whatever it is, without this thread no hint is sent any more
                self._note(healthy=False, error=f"{type(error).__name__}: {error}")
                self.hint([pool])
                time.sleep(_RETRY_S)
            else:
                self._note(healthy=True)

    def _send(self, pool: str) -> None:
        """A pool is looked at after its hint: to look first would keep the worker that is free for it waiting."""
        if pool in self._crowded and self._is_crowded(pool):
            return
        self._celery.send_task(HINT_TASK, kwargs={"pool": pool}, queue=queue_of(pool), ignore_result=True)
        (self._crowded.add if self._is_crowded(pool) else self._crowded.discard)(pool)

    def _is_crowded(self, pool: str) -> bool:
        return self._broker.llen(broker_key_of(pool)) >= _MOST_WAITING

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closing)
            return None if self._closing else self._pending.pop()

    def _note(self, *, healthy: bool, error: str = "") -> None:
        if healthy != self.healthy:
            self.healthy = healthy
            log.info("broker.back") if healthy else log.warning("broker.unreachable", error=error)
