"""Turns that come round every now and then, as long as somebody waits for what they bring."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from db.engine import DatabaseUnavailable

log = structlog.get_logger(__name__)

_EVERY_S: Final = 0.2
_AFTER_FAILURE_S: Final = 1.0


class Rounds:
    """Lives on the event loop. A turn that fails is only late: what it would have brought, the next one brings."""

    def __init__(self, name: str, *, waited_for: Callable[[], bool]) -> None:
        self._name = name
        self._waited_for = waited_for
        self._occupied = asyncio.Event()
        self._nudged = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, turn: Callable[[], Awaitable[None]]) -> None:
        """Take turns until cancelled."""
        self._loop = asyncio.get_running_loop()
        while True:
            await self._wait_until_occupied()
            await self._rest(await self._take(turn))

    def wake(self) -> None:
        """Somebody has come to wait."""
        self._occupied.set()

    def nudge(self) -> None:
        """Let the next turn come at once. From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._nudged.set)

    async def _take(self, turn: Callable[[], Awaitable[None]]) -> float:
        """Take a turn; return how long to rest after it."""
        try:
            await turn()
        except DatabaseUnavailable as error:
            log.warning("rounds.blind", of=self._name, error=str(error))
        except Exception:
            log.exception("rounds.failed", of=self._name)
        else:
            return _EVERY_S
        return _AFTER_FAILURE_S

    async def _wait_until_occupied(self) -> None:
        if not self._waited_for():
            self._occupied.clear()
            await self._occupied.wait()

    async def _rest(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._nudged.wait()
        except TimeoutError:
            pass
        self._nudged.clear()
