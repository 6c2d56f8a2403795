"""One who waits for news, on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

_WOKEN_AT_ONCE: Final = 20


class Waiter:
    """Sleeps until it is woken and what it wants is there."""

    def __init__(self, *, closed: bool) -> None:
        self.closed = closed
        """Nothing will come any more: the server shuts down, or what was waited for is gone."""
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self.closed = True
        self.wake()

    async def until_true(self, wanted: Callable[[], bool], *, timeout_s: float) -> bool:
        """Wait until `wanted` is true. False: that did not come in time, or nothing will come."""
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


async def wake_all(waiters: Iterable[Waiter]) -> None:
    """Wake many, some at a time: requests that come meanwhile do not wait until the last one has had its news."""
    for number, waiter in enumerate(tuple(waiters), start=1):
        waiter.wake()
        if number % _WOKEN_AT_ONCE == 0:
            await asyncio.sleep(0)
