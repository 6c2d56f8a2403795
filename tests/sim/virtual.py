"""A database whose clock stands still until somebody moves it. Engine, statements and schema are the real ones.

SQLite asks `julianday('now')` for the time, and Postgres `clock_timestamp()`. Here both names mean a function of ours:
on SQLite one that is registered on each connection, on Postgres one in a schema that is searched first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import event

from db.engine import Database, open_database
from tests.sim.snapshot import Witness

_JULIAN_DAY_OF_1970: Final = 2_440_587.5
_TABLES: Final = (
    *(
        "artifact",
        "checkpoint",
        "metric_block",
        "metric_point",
        "metric_series",
        "log_chunk",
        "event",
        "attempt",
        "dependency",
        "dataset_use",
    ),
    *("job", "idempotency_key", "worker", "pool_counter", "blob", "retention_policy", "project"),
)


@dataclass(slots=True)
class Clock:
    """Seconds since 1970, as the database will say."""

    now: float = 1_000_000.0


def put_on_clock(database: Database, clock: Clock) -> None:
    """Give every connection that `database` opens from now on the time of `clock`, and no wait for the disk."""
    for engine in {database.reader, database.writer}:
        event.listen(engine, "connect", _sqlite_connection(clock) if database.dialect == "sqlite" else _search_clock)


def _sqlite_connection(clock: Clock) -> Callable[[sqlite3.Connection, Any], None]:
    def julianday(_: str) -> float:
        return _JULIAN_DAY_OF_1970 + clock.now / 86_400.0

    def set_up(connection: sqlite3.Connection, record: Any) -> None:
        connection.create_function("julianday", 1, julianday)
        connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug of this database

    return set_up


def _search_clock(connection: psycopg.Connection[Any], record: Any) -> None:
    connection.execute("SET search_path = virtual, pg_catalog, public")
    connection.execute("SET lock_timeout = '20ms'")  # the one who holds the lock is in the same thread
    connection.commit()


@contextmanager
def sqlite_database(path: Path, clock: Clock) -> Iterator[tuple[Database, Witness]]:
    """Open a migrated database at `path`, on `clock`, and a witness of what is committed to it."""
    database = open_database(f"sqlite:///{path}")
    put_on_clock(database, clock)
    eye = sqlite3.connect(path, isolation_level=None)
    try:
        yield database, Witness(eye, mark="?")
    finally:
        eye.close()
        database.close()


_VIRTUAL_CLOCK: Final = """
    CREATE SCHEMA virtual;
    CREATE TABLE virtual.clock (now timestamptz NOT NULL);
    INSERT INTO virtual.clock VALUES (to_timestamp(1000000));
    CREATE FUNCTION virtual.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT now FROM virtual.clock';
"""


@dataclass(slots=True)
class PostgresClock:
    """The same for Postgres: the time is in a table, so that all connections share it."""

    connection: psycopg.Connection[Any]
    now: float = 1_000_000.0

    def move(self, seconds: float) -> None:
        self.now += seconds
        self.connection.execute("UPDATE virtual.clock SET now = to_timestamp(%s)", (self.now,))


@contextmanager
def postgres_database(url: str) -> Iterator[tuple[Database, Witness, PostgresClock]]:
    """The same for a migrated database of Postgres."""
    with psycopg.connect(url, autocommit=True) as eye:
        eye.execute(_VIRTUAL_CLOCK)
        database = open_database(url, pool_size=8)
        put_on_clock(database, Clock())
        try:
            yield database, Witness(eye, mark="%s"), PostgresClock(eye)
        finally:
            database.close()


def wipe(database: Database) -> None:
    """Take all rows away: an empty database in a fraction of the time that a new one costs."""
    with database.begin() as conn:
        if database.dialect == "postgresql":
            conn.exec_driver_sql(f"TRUNCATE {', '.join(_TABLES)} RESTART IDENTITY CASCADE")
            return
        for table in _TABLES:
            conn.exec_driver_sql(f"DELETE FROM {table}")
