"""Turns orders into jobs within one transaction: many orders with the same few statements as one.

An order is what one request asks for: a job, or a batch of them of which all are made or none. Each has its own
answer; that one is refused means nothing for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from api.operations.admission import Decision, admit
from api.operations.drafts import Draft
from db import idempotency, transitions
from db.idempotency import Kept, KeyOfRequest
from db.transitions import NewRow
from trainshed.errors import IdempotencyMismatch, TrainshedError
from trainshed.states import JobState


@dataclass(frozen=True, slots=True)
class Order:
    """Jobs to be made together, and under which key the answer is kept."""

    drafts: tuple[Draft, ...]
    key: KeyOfRequest | None
    request_sha256: str
    """Tells one request from another that carries the same key."""
    write: Callable[[Sequence[NewRow]], str]
    """Makes the body of the answer."""
    refuse: Callable[[Sequence[Decision]], TrainshedError]
    """Makes one error of all that was decided, when there is one among it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to an order: the same bytes for each repeat of a request. `job_id` is the first job of it."""

    job_id: str
    body: bytes
    replayed: bool
    commit_s: float = 0.0
    """How long it took to make it durable."""


Result = Accepted | Exception


@dataclass(frozen=True, slots=True)
class Made:
    """An answer to each order, and the pools in which a job became claimable."""

    results: list[Result]
    woken_pools: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Sound:
    """An order whose jobs may be made."""

    order: Order
    rows: list[NewRow]
    body: str

    @property
    def answer(self) -> Kept:
        return Kept(self.order.request_sha256, self.rows[0].values["id"], self.body)


def make(conn: Connection, orders: Sequence[Order], *, elastic_pools: Collection[str]) -> Made:
    """Make the jobs of those orders that are new and sound, and find the answer to each. Their keys differ.

    A result may be `IdempotencyMismatch`, `InvalidSpec` or `NothingFits`.
    """
    results: dict[int, Result] = {id(order): _replay(kept, order) for order, kept in _kept(conn, orders)}
    sound: list[_Sound] = []
    for order, decisions in _decide(conn, [order for order in orders if id(order) not in results], elastic_pools):
        rows = [each for each in decisions if isinstance(each, NewRow)]
        if len(rows) == len(decisions):
            sound.append(_Sound(order, rows, order.write(rows)))
        else:
            results[id(order)] = order.refuse(decisions)
    results.update({id(order): _replay(kept, order) for order, kept in _kept(conn, _keep(conn, sound))})
    won = [each for each in sound if id(each.order) not in results]
    rows = [row for each in won for row in each.rows]
    if rows:
        transitions.submit_all(conn, rows)
    for each in won:
        results[id(each.order)] = Accepted(each.answer.job_id, each.body.encode(), replayed=False)
    queued = frozenset(row.values["pool"] for row in rows if row.values["state"] == JobState.QUEUED)
    return Made([results[id(order)] for order in orders], queued)


def _decide(
    conn: Connection, orders: Sequence[Order], elastic_pools: Collection[str]
) -> Iterator[tuple[Order, list[Decision]]]:
    if not orders:
        return
    decisions = iter(admit(conn, [draft for order in orders for draft in order.drafts], elastic_pools=elastic_pools))
    for order in orders:
        yield order, list(islice(decisions, len(order.drafts)))


def _kept(conn: Connection, orders: Iterable[Order]) -> Iterator[tuple[Order, Kept]]:
    by_key = {order.key: order for order in orders if order.key is not None}
    for key, kept in idempotency.find(conn, by_key).items():
        yield by_key[key], kept


def _keep(conn: Connection, sound: Sequence[_Sound]) -> list[Order]:
    """Keep the answers. Returns the orders whose key another process has used since they were looked for."""
    keyed = {each.order.key: each for each in sound if each.order.key is not None}
    free = idempotency.keep(conn, [(key, each.answer) for key, each in keyed.items()])
    return [each.order for key, each in keyed.items() if key not in free]


def _replay(kept: Kept, order: Order) -> Result:
    if kept.request_sha256 != order.request_sha256:
        return IdempotencyMismatch("The Idempotency-Key belongs to another request.", facts={"job_id": kept.job_id})
    return Accepted(kept.job_id, kept.response.encode(), replayed=True)
