"""Finds every condition of every WHERE in the statements that guard jobs, and takes one out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Final

from db import checkpoints, leases, outcomes, reports, requests, transitions, workers
from db.sql import Statement
from reconciler import expire, prune, reap, unblock

GUARDED: Final[Sequence[ModuleType]] = (
    *(transitions, outcomes, leases, requests, reports, checkpoints, workers),
    *(expire, prune, reap, unblock),
)
"""What moves jobs and writes for them. `db.hints` decides only when workers are told: jobs start without it."""
_END: Final = re.compile(
    r"\b(?:RETURNING|ORDER BY|LIMIT|GROUP BY|ON CONFLICT|UNION)\b|\{(?:lock|share|take|skip_locked)\}"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of the text of one statement, and what the text says without it."""

    where: str
    """Module and name of the statement."""
    statement: Statement
    start: int
    stop: int
    instead: str
    nth: int = 1
    """Which one of those that read the same."""

    @property
    def text(self) -> str:
        """The piece itself, on one line."""
        return " ".join(self.statement._sql[self.start : self.stop].split())

    @property
    def name(self) -> str:
        """Names it in tables and tests."""
        return f"{self.where}: {self.text}" + (f" ({self.nth})" if self.nth > 1 else "")

    @contextmanager
    def taken_out(self) -> Iterator[None]:
        """Run the block as if it had never been written."""
        whole = self.statement._sql
        self._set(f"{whole[: self.start]}{self.instead}{whole[self.stop :]}")
        try:
            yield
        finally:
            self._set(whole)

    def _set(self, sql: str) -> None:
        self.statement._sql = sql
        self.statement._made.clear()
        self.statement._raw.clear()


def list_conjuncts() -> list[Cut]:
    """Return all of them, in the order of the code."""
    found = [
        # Its parameters stay, so that what fails is not the call.
        Cut(where, statement, start, stop, f"(TRUE OR ({statement._sql[start:stop]}))")
        for module in GUARDED
        for where, statement in statements_of(module)
        for start, stop in find_conjuncts(statement._sql)
    ]
    names = [cut.name for cut in found]
    return [replace(cut, nth=names[: at + 1].count(cut.name)) for at, cut in enumerate(found)]


def statements_of(module: ModuleType) -> Iterator[tuple[str, Statement]]:
    """Yield the statements of a module by their names."""
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
