"""Takes orders in, many with one transaction: submits that come at the same time share a commit.

A commit costs a write to the disk, and SQLite has one writer; a request that found the writer busy would wait for all
before it, one disk write each. Here the next transaction takes all that have come meanwhile. Nobody is answered before
the commit that makes his job durable, and no request fails because of another one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from api.operations.orders import Accepted, Order, Result, make
from db.engine import Database, DatabaseUnavailable
from db.idempotency import KeyOfRequest

log = structlog.get_logger(__name__)

_MOST_TOGETHER: Final = 64


@dataclass(frozen=True, slots=True)
class _Waiting:
    order: Order
    future: asyncio.Future[Accepted]


class Intake:
    """Makes jobs from a thread of its own, for callers on the event loop."""

    def __init__(
        self, database: Database, *, elastic_pools: Collection[str], hint: Callable[[Collection[str]], None]
    ) -> None:
        self._database = database
        self._elastic_pools = elastic_pools
        self._hint = hint
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Make what waits, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    async def submit(self, order: Order) -> Accepted:
        """Return when its jobs are durable. Raises what `make` finds, or `DatabaseUnavailable`."""
        future: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._waiting.append(_Waiting(order, future))
            self._changed.notify()
        return await future

    def make_alone(self, order: Order) -> Accepted:
        """The same for a large order, in the calling thread and a transaction of its own."""
        (result,) = self._make_together([order])
        if isinstance(result, Accepted):
            return result
        raise result

    def _run(self) -> None:
        while group := self._next():
            results = self._make([waiting.order for waiting in group])
            # One wake-up of the event loop for all of them.
            group[0].future.get_loop().call_soon_threadsafe(_tell, group, results)

    def _next(self) -> list[_Waiting]:
        """Wait for orders. No two of a group have the same key, because one has to wait for the other."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            group: list[_Waiting] = []
            keys: set[KeyOfRequest] = set()
            while self._waiting and len(group) < _MOST_TOGETHER:
                key = self._waiting[0].order.key
                if key is not None and key in keys:
                    break
                keys.update([key] if key else [])
                group.append(self._waiting.popleft())
            return group

    def _make(self, orders: Sequence[Order]) -> list[Result]:
        try:
            return self._make_together(orders)
        except DatabaseUnavailable as error:
            return [error] * len(orders)
        except Exception as error:  # noqa: BLE001 - it goes to whoever waits for the answer
            if len(orders) == 1:
                return [error]
            # One of them is at fault, and the others shall not suffer for it: each by itself.
            return [result for order in orders for result in self._make([order])]

    def _make_together(self, orders: Sequence[Order]) -> list[Result]:
        with self._database.begin() as conn:
            made = make(conn, orders, elastic_pools=self._elastic_pools)
            made_at = time.perf_counter()
        commit_s = time.perf_counter() - made_at
        self._hint(made.woken_pools)
        return [
            replace(result, commit_s=commit_s) if isinstance(result, Accepted) else result for result in made.results
        ]


def _tell(group: Sequence[_Waiting], results: Sequence[Result]) -> None:
    for waiting, result in zip(group, results, strict=True):
        if waiting.future.done():  # its client has gone
            continue
        if isinstance(result, Accepted):
            waiting.future.set_result(result)
        else:
            waiting.future.set_exception(result)
