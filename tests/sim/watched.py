"""A database whose every commit is judged: the real one, with a witness beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection

from db.engine import Database
from tests.sim.commit import Doer
from tests.sim.judge import Judge
from tests.sim.snapshot import Witness


class Times(Protocol):
    """What time it is."""

    @property
    def now(self) -> float:
        """By the clock of the database."""


class WatchedDatabase(Database):
    """Runs transactions like any other database, and has the judge look at what each of them left."""

    def __init__(self, database: Database, witness: Witness, clock: Times) -> None:
        super().__init__(
            reader=database.reader,
            writer=database.writer,
            gate=database._gate,
            patience_s=database._patience_s,
            breaker=database._breaker,
        )
        self.unwatched = database
        self.judge = Judge(witness.retry_of)
        self.doer: Doer | None = None
        self._witness = witness
        self._clock = clock

    @contextmanager
    def begin(self, *, urgent: bool = False) -> Iterator[Connection]:
        with super().begin(urgent=urgent) as connection:
            yield connection
        self.look()

    @contextmanager
    def by(self, doer: Doer) -> Iterator[WatchedDatabase]:
        """Have `doer` answer for what is committed in this block."""
        before, self.doer = self.doer, doer
        try:
            yield self
        finally:
            self.doer = before

    def look(self, *, at: float | None = None) -> None:
        """Judge what was committed since the last look. `at`: when it was written, if not now."""
        assert self.doer is not None
        now = self._clock.now if at is None else at
        self.judge.see(self._witness.look(), self.doer, now=now, true_now=now)

    def begin_anew(self) -> None:
        """Take what is there for granted."""
        self.judge.begin_anew(self._witness.look())
