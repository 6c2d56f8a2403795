"""Notices a consumer that has gone deaf.

It happens that Celery's consumer stops taking messages after the connection was cut, and goes on as if all were well.
The poller keeps jobs starting, only later. When the consumer's loop has stood still although the broker answers a ping
of its own, the worker drains and exits, so that whoever runs it starts a fresh one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 10.0
DEAF_AFTER_S: Final = 60.0


class ConsumerWatch:
    """Calls `on_deaf` once when `tick` was not called for a minute while the broker answered throughout."""

    def __init__(
        self, broker: Redis, on_deaf: Callable[[], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._broker = broker
        self._on_deaf = on_deaf
        self._clock = clock
        self._deaf_since: float | None = None
        self._ticked = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consumer-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def tick(self) -> None:
        """The consumer's loop went round."""
        self._ticked = True

    def look_once(self) -> bool:
        """Return whether the consumer is deaf: no tick for a minute of looks at which the broker answered."""
        if self._ticked or not self._broker_answers():
            self._ticked, self._deaf_since = False, None
            return False
        if self._deaf_since is None:
            self._deaf_since = self._clock()
        return self._clock() - self._deaf_since >= DEAF_AFTER_S

    def _broker_answers(self) -> bool:
        try:
            return bool(self._broker.ping())
        except RedisError:
            return False

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            if self.look_once():
                log.error("consumer.deaf", seconds=DEAF_AFTER_S)
                self._on_deaf()
                return
