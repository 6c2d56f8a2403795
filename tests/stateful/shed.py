"""What the rules act on: a watched database, its clock, and who may act."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, insert

from api.auth.principal import Principal
from api.auth.roles import Role
from api.operations.drafts import Draft, draft
from api.operations.orders import Order
from db import blobs, workers
from db.clock import db_now
from db.engine import DatabaseUnavailable
from db.idempotency import KeyOfRequest
from db.models import Project
from db.transitions import By, Capacity, NewRow
from db.workers import WorkerFacts
from tests.sim.commit import Doer
from tests.sim.snapshot import Snapshot
from tests.sim.virtual import wipe
from tests.sim.watched import WatchedDatabase
from trainshed.ids import new_id
from trainshed.specs import parse_spec
from trainshed.states import Actor

T = TypeVar("T")

PROJECT: Final = "prj_sim"
USER: Final = Principal("key_sim", PROJECT, "sim", Role.OPERATOR)
USER_DOES: Final = Doer(Actor.USER, USER.key_id)
RECONCILER: Final = By(Actor.RECONCILER, "rec_sim")
RECONCILER_DOES: Final = Doer(Actor.RECONCILER, RECONCILER.cause)
WORKERS: Final = ("wrk_a", "wrk_b")
POOLS: Final = frozenset({"cpu", "gpu"})
_WORK: Final[Mapping[str, dict[str, Any]]] = {
    "command": {"command": ["true"]},
    "train": {"data": {"path": "/data"}, "model": {"family": "image_classifier"}},
}
STATES: Final = tuple(digit * 64 for digit in "abc")
"""Digests of states of training, which are kept in the store."""


class Blocked(Exception):
    """Another transaction holds what this one needs, and it gave up. Nothing happened."""


@dataclass(slots=True)
class Shed:
    """A platform without processes."""

    database: WatchedDatabase
    advance: Callable[[float], None]
    now: Callable[[], float]

    @property
    def seen(self) -> Snapshot:
        """What is committed."""
        return self.database.judge.seen

    def commit(self, doer: Doer, write: Callable[[Connection], T]) -> T:
        """Write in one transaction of `doer`, and have it judged."""
        with self.unless_blocked(), self.database.by(doer), self.database.begin() as conn:
            return write(conn)

    @contextmanager
    def unless_blocked(self) -> Iterator[None]:
        """Turn a wait for a lock that was given up into `Blocked`."""
        try:
            yield
        except DatabaseUnavailable as error:
            if "lock timeout" not in str(error):
                raise
            raise Blocked from error

    def begin(self) -> None:
        """Begin anew, with a project and two workers."""
        wipe(self.database.unwatched)
        with self.database.unwatched.begin() as conn:
            conn.execute(insert(Project).values(id=PROJECT, name="sim", created_at=db_now()))
            for worker_id in WORKERS:
                workers.register(conn, facts_of(worker_id))
            for digest in STATES:
                blobs.touch(conn, digest, 9)
        self.database.begin_anew()


def facts_of(worker_id: str) -> WorkerFacts:
    """Return what a worker says of itself."""
    return WorkerFacts(worker_id, worker_id, "host", 1, "cpu", 2, 2.0, 2**33, 0, "none", True, {})


def capacity_of(worker_id: str, **changes: Any) -> Capacity:
    """Return an idle worker's capacity, but for `changes`."""
    whole = Capacity(worker_id, worker_id, "cpu", 2.0, 2**33, 0, 1.0, runs_commands=True)
    return replace(whole, **changes)


def order_of(document: dict[str, Any], *, key: str | None = None, retry_of: str | None = None) -> Order:
    """Return the order of one job, as the route that takes it makes one."""
    kind = document.get("kind", "command")
    made: Draft = draft(parse_spec({"kind": kind, "name": "sim", **_WORK[kind], **document}), USER)
    made = replace(made, job=replace(made.job, id=new_id("job"), retry_of=retry_of))
    return Order(
        drafts=(made,),
        key=None if key is None else KeyOfRequest(PROJECT, key),
        request_sha256=hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest(),
        write=_body,
        refuse=lambda decisions: next(each for each in decisions if isinstance(each, Exception)),
    )


def _body(rows: Any) -> str:
    first: NewRow = rows[0]
    return str(first.values["id"])
