"""What every open stream owes: a sign of life while it is quiet, and an end once its key is revoked or has expired."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from db.engine import DatabaseUnavailable
from trainshed.states import JobState

HEARTBEAT_S: Final = 15.0
KEY_CHECKED_EVERY_S: Final = (3.0, 6.0)
"""Spread out, so that many streams that began together do not ask together."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing has happened for a while, and the stream stands."""


@dataclass(frozen=True, slots=True)
class End:
    """The job has finished and nothing will follow."""

    state: JobState


class Pulse:
    """Of one stream. `stands` asks whether its key still opens it."""

    def __init__(self, stands: Callable[[], Awaitable[bool]], *, now: Callable[[], float] = time.monotonic) -> None:
        self._stands = stands
        self._now = now
        self._ended = False
        self._quiet_since = now()
        self._check_at = self._next_check()

    @property
    def wait_s(self) -> float:
        """How long the stream may sleep."""
        return max(0.0, min(self._check_at, self._quiet_since + HEARTBEAT_S) - self._now())

    async def goes_on(self) -> bool:
        """Whether the stream may go on. A database that does not answer ends none: it gives nothing away either."""
        if not self._ended and self._now() >= self._check_at:
            self._check_at = self._next_check()
            with suppress(DatabaseUnavailable):
                self._ended = not await self._stands()
        return not self._ended

    def beat(self) -> bool:
        """Whether the stream was quiet for so long that it must say that it stands. True: it is about to."""
        if self._now() - self._quiet_since < HEARTBEAT_S:
            return False
        self._quiet_since = self._now()
        return True

    def sent(self) -> None:
        """Something went out."""
        self._quiet_since = self._now()

    def _next_check(self) -> float:
        return self._now() + random.uniform(*KEY_CHECKED_EVERY_S)  # noqa: S311 - no secret
