"""Finds every condition of every WHERE in the statements that guard jobs, and takes one out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from db import leases, reports, requests, transitions, workers
from db.sql import Statement
from reconciler import expire, prune, reap, rehint, unblock

GUARDED: Final[Sequence[ModuleType]] = (
    *(transitions, leases, requests, reports, workers),
    *(expire, prune, reap, rehint, unblock),
)
_END: Final = re.compile(r"\b(?:RETURNING|ORDER BY|LIMIT|GROUP BY|ON CONFLICT)\b|\{(?:lock|share|take|skip_locked)\}")


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One condition: its place in the text of one statement."""

    where: str
    """Module and name of the statement."""
    statement: Statement
    start: int
    stop: int

    @property
    def text(self) -> str:
        """The condition itself, on one line."""
        return " ".join(self.statement._sql[self.start : self.stop].split())

    @property
    def name(self) -> str:
        """Names it in tables and tests."""
        return f"{self.where}: {self.text}"

    @contextmanager
    def taken_out(self) -> Iterator[None]:
        """Run the block as if it had never been written."""
        whole = self.statement._sql
        # Its parameters stay, so that what fails is not the call.
        self._set(f"{whole[: self.start]}(TRUE OR ({whole[self.start : self.stop]})){whole[self.stop :]}")
        try:
            yield
        finally:
            self._set(whole)

    def _set(self, sql: str) -> None:
        self.statement._sql = sql
        self.statement._made.clear()
        self.statement._raw.clear()


def list_conjuncts() -> list[Conjunct]:
    """Return all of them, in the order of the code."""
    return [
        Conjunct(where, statement, start, stop)
        for module in GUARDED
        for where, statement in _statements(module)
        for start, stop in find_conjuncts(statement._sql)
    ]


def _statements(module: ModuleType) -> Iterator[tuple[str, Statement]]:
    for name, value in vars(module).items():
        where = f"{module.__name__}.{name}"
        if isinstance(value, Statement):
            yield where, value
        elif isinstance(value, dict):
            for key, each in value.items():
                if isinstance(each, Statement):
                    yield f"{where}[{getattr(key, '__name__', key)}]", each


def find_conjuncts(sql: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each condition, those of nested queries after the one they stand in."""
    for where in re.finditer(r"\bWHERE\b", sql):
        yield from _split(sql, where.end(), _end_of(sql, where.end()))


def _end_of(sql: str, start: int) -> int:
    depth = 0
    for at in range(start, len(sql)):
        depth += (sql[at] == "(") - (sql[at] == ")")
        if depth < 0 or (depth == 0 and _END.match(sql, at)):
            return at
    return len(sql)


def _split(sql: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    depth, begin = 0, start
    for at in range(start, stop):
        depth += (sql[at] == "(") - (sql[at] == ")")
        if depth == 0 and re.match(r"\bAND\b", sql[at:]) and not sql[at - 1].isalnum():
            yield _trimmed(sql, begin, at)
            begin = at + len("AND")
    yield _trimmed(sql, begin, stop)


def _trimmed(sql: str, start: int, stop: int) -> tuple[int, int]:
    text = sql[start:stop]
    return start + len(text) - len(text.lstrip()), stop - len(text) + len(text.rstrip())
