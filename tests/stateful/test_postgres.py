"""The same moves on Postgres, while up to two transactions stay open in the middle of theirs.

A transaction that would have to wait for another one gives up at once, as one does whose patience is over; a claim
passes over the rows that others hold. What an open transaction did is judged when it commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, initialize, multiple, precondition, run_state_machine_as_test
from sqlalchemy import Connection

from api.operations.orders import Accepted, make
from db import leases, reports, transitions
from db.leases import Lease
from db.outcomes import conclude
from db.reports import Point
from db.transitions import By, Ending
from tests.servers import PostgresServer
from tests.sim.commit import Doer
from tests.sim.virtual import postgres_database
from tests.sim.watched import WatchedDatabase
from tests.stateful.moves import Moves
from tests.stateful.rules import Rules, move
from tests.stateful.shed import POOLS, USER_DOES, WORKERS, Shed, capacity_of, order_of
from trainshed.states import Actor, AttemptOutcome

_MOST_OPEN = 2


@dataclass(slots=True)
class _Open:
    """A transaction in the middle of its work."""

    transaction: AbstractContextManager[Connection]
    doer: Doer
    at: float
    result: Any


@pytest.fixture
def shed(postgres: PostgresServer) -> Iterator[Shed]:
    """One database for all examples: each begins by wiping it."""
    name = "stateful"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE template_trainshed")
    with postgres_database(postgres.url(name)) as (database, witness, clock):
        yield Shed(WatchedDatabase(database, witness, clock), clock.move, lambda: clock.now)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Interleaved(Moves):
    """Moves, and transactions that take their time."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[_Open] = []

    @initialize(target=Rules.leases)
    def begin_with_a_family(self) -> MultipleResults[Lease]:
        """Two jobs that run, and one that waits for both: what is most at stake when two transactions overlap."""
        parents = [self._made({"priority": 9}), self._made({"priority": 9})]
        self._made({"depends_on": parents})
        return multiple(*(self._claimed(worker) for worker in WORKERS))

    def _made(self, document: dict[str, Any]) -> str:
        result = self.order(document)
        assert isinstance(result, Accepted)
        return result.job_id

    def _claimed(self, worker: str) -> Lease:
        won = self.shed.commit(Doer(Actor.WORKER, worker), lambda conn: transitions.claim(conn, capacity_of(worker)))
        assert won is not None
        return won.lease

    def teardown(self) -> None:
        while self.open:
            self._roll_back(self.open.pop())

    @precondition(lambda self: len(self.open) < _MOST_OPEN)
    @move(lease=Rules.leases, outcome=st.sampled_from([*[AttemptOutcome.SUCCEEDED] * 4, AttemptOutcome.USER_ERROR]))
    def begin_end(self, lease: Lease, outcome: AttemptOutcome) -> None:
        by = By(Actor.WORKER, lease.owner)

        def write(conn: Connection) -> object:
            return leases.fence(conn, lease) and conclude(conn, lease, Ending(outcome, "Ended."), by, jitter=0.5)

        self._begin(Doer(Actor.WORKER, lease.owner, lease), write)

    @precondition(lambda self: len(self.open) < _MOST_OPEN)
    @move(lease=Rules.leases, step=st.integers(1, 4))
    def begin_report(self, lease: Lease, step: int) -> None:
        def write(conn: Connection) -> None:
            if leases.fence(conn, lease) is not None:
                reports.add_points(conn, lease, [Point("loss", step, 1.0)])

        self._begin(Doer(Actor.WORKER, lease.owner, lease), write)

    @precondition(lambda self: len(self.open) < _MOST_OPEN)
    @move(worker=st.sampled_from(WORKERS))
    def begin_claim(self, worker: str) -> None:
        self._begin(Doer(Actor.WORKER, worker), lambda conn: transitions.claim(conn, capacity_of(worker)))

    @precondition(lambda self: len(self.open) < _MOST_OPEN)
    @move(parents=st.lists(Rules.jobs, max_size=2, unique=True), key=st.sampled_from(["a", None]))
    def begin_submit(self, parents: list[str], key: str | None) -> None:
        order = order_of({"depends_on": parents}, key=key)
        self._begin(USER_DOES, lambda conn: make(conn, [order], elastic_pools=POOLS).results[0])

    @precondition(lambda self: self.open)
    @move(target=Rules.leases, which=st.integers(0, _MOST_OPEN - 1))
    def commit_claim(self, which: int) -> Lease | MultipleResults[Lease]:
        """Of any open transaction; a lease comes out of a claim."""
        result = self._commit(which)
        return result.lease if isinstance(result, transitions.Claim) else multiple()

    @precondition(lambda self: self.open)
    @move(target=Rules.jobs, which=st.integers(0, _MOST_OPEN - 1))
    def commit_submit(self, which: int) -> str | MultipleResults[str]:
        """Of any open transaction; a job comes out of a submit."""
        result = self._commit(which)
        return result.job_id if isinstance(result, Accepted) and not result.replayed else multiple()

    @precondition(lambda self: self.open)
    @move(which=st.integers(0, _MOST_OPEN - 1))
    def roll_back(self, which: int) -> None:
        self._roll_back(self.open.pop(which % len(self.open)))
        self._look_who_is_locked()

    def _begin(self, doer: Doer, write: Callable[[Connection], object]) -> None:
        transaction = self.shed.database.unwatched.begin()
        with self.shed.unless_blocked():
            conn = transaction.__enter__()
            try:
                result = write(conn)
            except BaseException as error:
                transaction.__exit__(type(error), error, error.__traceback__)
                raise
        self.open.append(_Open(transaction, doer, self.shed.now(), result))
        self._look_who_is_locked()

    def _commit(self, which: int) -> Any:
        done = self.open.pop(which % len(self.open))
        done.transaction.__exit__(None, None, None)
        with self.shed.database.by(done.doer):
            self.shed.database.look(at=done.at)
        self._look_who_is_locked()
        self.check_dependents()
        return done.result

    def _roll_back(self, given_up: _Open) -> None:
        error = TimeoutError("given up")
        try:
            given_up.transaction.__exit__(TimeoutError, error, None)
        except TimeoutError:
            return

    def _look_who_is_locked(self) -> None:
        with self.shed.database.unwatched.begin() as conn:
            free = conn.exec_driver_sql("SELECT id FROM job FOR NO KEY UPDATE SKIP LOCKED").scalars().all()
        self.locked = frozenset(self.shed.seen.jobs.keys() - set(free))


@pytest.mark.timeout(600)
def test_interleaved_transactions_on_postgres_break_no_promise(shed: Shed) -> None:
    class Machine(Interleaved):
        def __init__(self) -> None:
            super().__init__()
            self.shed = shed
            shed.begin()

    run_state_machine_as_test(Machine, settings=settings(max_examples=40, stateful_step_count=40))
