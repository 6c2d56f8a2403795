"""The time of the database. Leases, backoff and timeouts are measured by its clock, not by that of a process.

Times are seconds since 1970 as a double on both databases, so that arithmetic is the same SQL on both.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Double, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

NOW: Final = {
    # Not now(): that is the start of the transaction.
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
    # Not unixepoch('subsec'): it is NULL before SQLite 3.42, and a NULL lease is never reaped.
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}


class db_now(FunctionElement[float]):  # noqa: N801 - reads as the SQL function it is
    """The present moment by the database's clock."""

    type = Double()
    inherit_cache = True


@compiles(db_now, "postgresql")
def _now_postgresql(element: db_now, compiler: SQLCompiler, **kwargs: Any) -> str:
    return NOW["postgresql"]


@compiles(db_now, "sqlite")
def _now_sqlite(element: db_now, compiler: SQLCompiler, **kwargs: Any) -> str:
    return NOW["sqlite"]


def read_clock(conn: Connection) -> float:
    """Return the present moment by the database's clock."""
    return conn.execute(select(db_now())).scalar_one()
