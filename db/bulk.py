"""Inserts many rows with one statement, whatever their number.

Postgres gets all of them as one JSON document: a row sent by itself costs client and server a message each, which is
most of what a small row costs. SQLite is called within this process, and there a call for each row is the cheapest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import JSON, Connection, inspect
from sqlalchemy.engine import Dialect

from db.models.base import Base
from db.sql import in_dialect, to_json

_ROWS: Final = "new"


class BulkInsert:
    """Fills `columns` (two or more) of the table of a model from rows, and others from `expressions`, which are SQL."""

    def __init__(self, model: type[Base], columns: Sequence[str], **expressions: str) -> None:
        self._table = inspect(model).local_table
        self._columns = tuple(columns)
        self._expressions = expressions
        self._values = itemgetter(*columns)
        self._json = tuple(name for name in columns if isinstance(self._table.c[name].type, JSON))
        self._made: dict[str, str] = {}

    def run(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert `rows`. What they hold beside the columns is passed over; a `None` becomes NULL."""
        if not rows:
            return
        statement = self.on(conn.dialect)
        if conn.dialect.name == "postgresql":
            document = to_json([dict(zip(self._columns, self._values(row), strict=True)) for row in rows])
            conn.exec_driver_sql(statement, (document,))
        else:
            conn.exec_driver_sql(statement, [self._values(self._as_text(row)) for row in rows])

    def on(self, dialect: Dialect) -> str:
        """Return the statement as the driver takes it."""
        if dialect.name not in self._made:
            write = self._from_document if dialect.name == "postgresql" else self._from_parameters
            self._made[dialect.name] = in_dialect(write(dialect), dialect.name)
        return self._made[dialect.name]

    def _as_text(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**row, **{name: to_json(row[name]) for name in self._json}} if self._json else row

    def _from_document(self, dialect: Dialect) -> str:
        types = ", ".join(f"{name} {self._table.c[name].type.compile(dialect)}" for name in self._columns)
        chosen = ", ".join((*self._columns, *self._expressions.values()))
        return f"{self._head} SELECT {chosen} FROM json_to_recordset(%s) AS {_ROWS} ({types})"

    def _from_parameters(self, dialect: Dialect) -> str:
        return f"{self._head} VALUES ({', '.join((*['?'] * len(self._columns), *self._expressions.values()))})"

    @property
    def _head(self) -> str:
        return f"INSERT INTO {self._table} ({', '.join((*self._columns, *self._expressions))})"
