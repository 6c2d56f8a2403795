"""The guards that are code and no SQL, each with what it would be to have none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

import db.engine
import db.idempotency
import db.outcomes
import db.transitions
import reconciler.reap
import worker.attempt
import worker.reporter
from db.leases import Held
from db.transitions import Moved
from trainshed.specs import RetryBudget
from trainshed.states import JobState


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard in code: `owner.attribute` without it is `instead`."""

    what: str
    owner: Any
    attribute: str
    instead: Any

    @property
    def where(self) -> str:
        """Module or class, and name."""
        return f"{getattr(self.owner, '__module__', self.owner.__name__)}.{self.attribute}"

    @property
    def text(self) -> str:
        return self.what

    @property
    def name(self) -> str:
        return f"{self.where}: {self.what}"

    @contextmanager
    def taken_out(self) -> Iterator[None]:
        """Run the block as if it had never been written."""
        with patch.object(self.owner, self.attribute, self.instead):
            yield


def _blind_fence(*_: Any) -> Held:
    return Held(None)


def _settle_without_look(settle: Callable[..., Moved | None]) -> Callable[..., Moved | None]:
    def unblock(conn: Any, job_id: str, by: Any) -> Moved | None:
        return settle(conn, job_id, by) or db.transitions._unblock(conn, job_id, by)

    return unblock


def _always_finish(conn: Any, lease: Any, ending: Any, by: Any, _: Any) -> Moved | None:
    return db.outcomes._finish(conn, lease, ending, by, JobState.FAILED, db.outcomes.Reason.CRASHED)


def _begin_later(engine: Any, begin: str, mode: str) -> None:
    _BEGIN_WITH(engine, begin.removesuffix(" IMMEDIATE"), mode)


def _let_readers_write(engine: Any, begin: str, mode: str) -> None:
    _BEGIN_WITH(engine, begin, "query_only = OFF")


_BEGIN_WITH: Final = db.engine._begin_with
GUARDS: Final = (
    Guard("a report is fenced", worker.reporter, "fence", _blind_fence),
    Guard("the end of an attempt is fenced", worker.attempt, "fence", _blind_fence),
    Guard("a heartbeat must stand still for a whole lease", reconciler.reap, "LEASE_S", 3.0),
    Guard("a reaper that could not look begins again", reconciler.reap.Reaper, "_forget_after_a_gap", lambda *_: None),
    Guard("a class of outcome has its budget of retries", RetryBudget, "allowed", lambda *_: 100),
    Guard("an attempt that was drained is not charged", db.outcomes, "_give_back", _always_finish),
    Guard("a retry waits for its backoff", db.outcomes, "_delay_s", lambda *_: 0.0),
    Guard("a known key gets the answer that was kept", db.idempotency, "find", lambda *_: {}),
    Guard("an answer is kept under its key", db.idempotency, "keep", lambda _, answers: {key for key, _ in answers}),
    Guard("each move leaves an event", db.transitions, "record", lambda *_: None),
    Guard("a job waits for what it needs", db.transitions, "settle", _settle_without_look(db.transitions.settle)),
    Guard("SQLite takes the lock of the writer first", db.engine, "_begin_with", _begin_later),
    Guard("the reader of SQLite cannot write", db.engine, "_begin_with", _let_readers_write),
    Guard("the end of a job settles what waits for it", db.transitions, "settle_dependents", lambda *_: frozenset()),
)
