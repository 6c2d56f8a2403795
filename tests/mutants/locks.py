"""Finds every word that locks rows on Postgres. SQLite has one writer at a time instead."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Final

import db
import db.queries
import reconciler
from db.sql import Statement
from tests.mutants.conjuncts import Cut, statements_of

_LOCK: Final = re.compile(r"\{(?:lock|share|take|skip_locked)\}")


def list_locks() -> list[Cut]:
    """Return all of them."""
    return [
        Cut(where, statement, found.start(), found.end(), "")
        for where, statement in list_statements()
        for found in _LOCK.finditer(statement._sql)
    ]


def list_statements() -> Iterator[tuple[str, Statement]]:
    """Yield all statements of `db` and of the reconciler, by their names."""
    for package in (db, db.queries, reconciler):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not found.ispkg and not found.name.endswith("__main__"):
                yield from statements_of(import_module(found.name))
