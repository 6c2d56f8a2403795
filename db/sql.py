"""Statements that matter are written out as SQL. This is how one text serves both databases.

`{now}` stands for the database's clock, `{txid}` for the number of the running transaction, `{skip_locked}` for the
locking clause of Postgres (SQLite has one writer at a time and needs none), `{json_list}` for the aggregate function
that makes a JSON array.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Engine, Executable, TextClause, text
from sqlalchemy.types import TypeEngine

from db.clock import NOW

# Made once: `json.dumps` with settings of its own makes an encoder for each call.
to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""Writes a JSON column."""

_WORDS: Final = {
    "postgresql": {
        "now": NOW["postgresql"],
        "txid": "pg_current_xact_id()::text::bigint",
        "skip_locked": "FOR NO KEY UPDATE SKIP LOCKED",
        "take": "FOR UPDATE SKIP LOCKED",
        "lock": "FOR NO KEY UPDATE",
        "share": "FOR SHARE",
        "materialized": "MATERIALIZED",
        "json_list": "json_agg",
    },
    "sqlite": {
        "now": NOW["sqlite"],
        "txid": "0",
        "skip_locked": "",
        "take": "",
        "lock": "",
        "share": "",
        "materialized": "MATERIALIZED",
        "json_list": "json_group_array",
    },
}


class Statement:
    """One named statement. `types` gives the types of result columns that need conversion, such as JSON."""

    def __init__(self, sql: str, **types: TypeEngine[Any]) -> None:
        self._sql = sql
        self._types = types
        self._made: dict[str, Executable] = {}
        self._raw: dict[str, str] = {}

    def on(self, dialect: str) -> TextClause:
        """Return the text for `postgresql` or `sqlite`."""
        return _text(self._sql, dialect)

    def for_driver(self, engine: Engine) -> str:
        """Return the text with parameters as the driver of `engine` writes them."""
        dialect = engine.dialect
        if dialect.name not in self._raw:
            make: Any = type(dialect)
            named = make(paramstyle="named" if dialect.name == "sqlite" else "pyformat")
            self._raw[dialect.name] = str(self.on(dialect.name).compile(dialect=named))
        return self._raw[dialect.name]

    def _typed(self, dialect: str) -> Executable:
        """Made once: the statement is its own key in the cache of compiled ones."""
        if dialect not in self._made:
            clause = self.on(dialect)
            self._made[dialect] = clause.columns(**self._types) if self._types else clause
        return self._made[dialect]

    def run(self, conn: Connection, parameters: Mapping[str, Any] | None = None, /, **more: Any) -> CursorResult[Any]:
        return conn.execute(self._typed(conn.dialect.name), {**(parameters or {}), **more})


def in_dialect(sql: str, dialect: str) -> str:
    """Return `sql` with the words in braces put into the language of `postgresql` or `sqlite`."""
    for word, meaning in _WORDS[dialect].items():
        sql = sql.replace("{" + word + "}", meaning)
    return sql


@lru_cache(maxsize=512)
def _text(sql: str, dialect: str) -> TextClause:
    # `::` of a Postgres cast is no bind parameter.
    return text(in_dialect(sql, dialect).replace("::", r"\:\:"))
