"""Celery's way to the broker, but that what is no message ends no worker.

Whoever may write to the broker can put anything into the list of hints. kombu lets an item that cannot be read end the
consumer, and with it the worker; here it is dropped. A hint that is lost costs latency alone.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

import structlog
from kombu.transport import redis

log = structlog.get_logger(__name__)


class HintChannel(redis.Channel):
    """A channel of the Redis transport."""

    def _brpop_read(self, **options: Any) -> bool | None:
        """Hand on one message. Raises `Empty`, which kombu's loop expects, when there is none or when it is none."""
        try:
            done: bool | None = super()._brpop_read(**options)
        except (Empty, *self.connection_errors, *self.connection.channel_errors):
            raise
        except Exception as error:
            log.warning("hint.unreadable", error=f"{type(error).__name__}: {error}")
            raise Empty from error
        return done


class HintTransport(redis.Transport):
    """The Redis transport with that channel."""

    Channel = HintChannel
