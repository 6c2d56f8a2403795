"""One who waits for news, on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiter:
    """Sleeps until it is woken and what it wants is there."""

    def __init__(self, *, closed: bool) -> None:
        self.closed = closed
        """The server shuts down: nothing will come any more."""
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self.closed = True
        self.wake()

    async def until_true(self, wanted: Callable[[], bool], *, timeout_s: float) -> bool:
        """Wait until `wanted` is true. False: that did not come in time, or the server shuts down."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.closed:
                    self._woken.clear()
                    if wanted():
                        return True
                    await self._woken.wait()
        except TimeoutError:
            pass
        return False
