"""Opens a database and hands out transactions.

`Database.begin()` is the only way to write and `Database.read()` the only way to look; both commit or roll back at
their edge. Every statement has an end: whatever takes too long becomes `DatabaseUnavailable`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from db.breaker import Breaker
from db.deadline import give_deadline
from db.gate import GateTimeout, WriterGate
from db.hangup import replace_dead_connections
from db.sql import Statement, to_json

_BUSY_TIMEOUT_MS: Final = 3_000


class DatabaseUnavailable(Exception):
    """The database is down, frozen, full or too busy. Nothing was committed, unless the commit itself was in flight."""


class Database:
    """Two engines on one database: one that reads and one that writes (the same one on Postgres)."""

    def __init__(
        self, *, reader: Engine, writer: Engine, gate: WriterGate | None, patience_s: float, breaker: Breaker
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._gate = gate
        self._patience_s = patience_s
        self._breaker = breaker

    @property
    def dialect(self) -> str:
        return self.writer.dialect.name

    @contextmanager
    def begin(self, *, urgent: bool = False) -> Iterator[Connection]:
        """Run one transaction that writes. `urgent` ones (heartbeats) go before the others of this process."""
        gate = self._gate.hold(urgent=urgent, timeout_s=self._patience_s) if self._gate else nullcontext()
        with _unavailable(self._breaker), gate, self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look, and write nothing. On SQLite all statements see one state of the database, on Postgres each its own."""
        with _unavailable(self._breaker), self.reader.begin() as connection:
            yield connection

    def glance(self, statement: Statement, /, **parameters: Any) -> tuple[Any, ...] | None:
        """Return the one row of a statement, straight from the driver.

        For what is asked so often that all else around the statement would be most of its cost.
        """
        with _unavailable(self._breaker), self._driver_connection() as connection:
            cursor = connection.cursor()
            try:
                cursor.execute(statement.for_driver(self.writer), parameters)
                row: tuple[Any, ...] | None = cursor.fetchone()
            finally:
                cursor.close()
        return row

    @contextmanager
    def _driver_connection(self) -> Iterator[Any]:
        """A connection of the pool on which each statement is a transaction of its own."""
        pooled = None
        try:
            pooled = self.reader.raw_connection()
            connection: Any = pooled.driver_connection
            with _autocommit(connection) if self.dialect == "postgresql" else nullcontext():
                yield connection
        except self.reader.dialect.loaded_dbapi.Error as error:
            if pooled is not None:
                pooled.invalidate(error)
            if getattr(error, "sqlstate", None) is None:
                self._breaker.trip()
            raise DatabaseUnavailable(_first_line(error)) from error
        finally:
            if pooled is not None:
                pooled.close()

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


@contextmanager
def _autocommit(connection: Any) -> Iterator[None]:
    """For one block, spare the server a BEGIN and a ROLLBACK."""
    connection.autocommit = True
    yield
    connection.autocommit = False


def open_database(url: str, *, pool_size: int = 5, patience_s: float = 3.0, rest_s: float = 0.0) -> Database:
    """Open `sqlite:///path` or `postgresql://...`.

    `patience_s` bounds each wait: for a lock, for a connection, for an answer. After a Postgres that did not answer,
    others are refused for `rest_s` without asking it.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, pool_size=pool_size, patience_s=patience_s)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgres(url, pool_size=pool_size, patience_s=patience_s, rest_s=rest_s)
    raise ValueError(
        f"TRAINSHED_DATABASE_URL: {parsed.get_backend_name()!r} is not supported; use sqlite or postgresql"
    )


def _open_sqlite(url: str, *, pool_size: int, patience_s: float) -> Database:
    if path := make_url(url).database:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    reader = create_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=patience_s, json_serializer=to_json)
    writer = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=patience_s, json_serializer=to_json)
    _begin_with(reader, "BEGIN", "query_only = ON")
    # A transaction that begins as a reader and then writes fails at once with "database is locked", without waiting.
    _begin_with(writer, "BEGIN IMMEDIATE", "query_only = OFF")
    return Database(reader=reader, writer=writer, gate=WriterGate(), patience_s=patience_s, breaker=Breaker(0.0))


def _begin_with(engine: Engine, begin: str, mode: str) -> None:
    pragmas = (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "foreign_keys = ON",
        mode,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # this module says BEGIN itself
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _open_postgres(url: str, *, pool_size: int, patience_s: float, rest_s: float) -> Database:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=patience_s,
        pool_use_lifo=True,
        json_serializer=to_json,
        use_native_hstore=False,
        connect_args={"connect_timeout": max(2, int(patience_s)), "application_name": "trainshed"},
    )
    give_deadline(engine, patience_s)
    replace_dead_connections(engine)
    # Each statement has a snapshot of its own anyway (READ COMMITTED), so a reader needs no BEGIN and no ROLLBACK.
    reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Database(reader=reader, writer=engine, gate=None, patience_s=patience_s, breaker=Breaker(rest_s))


@contextmanager
def _unavailable(breaker: Breaker) -> Iterator[None]:
    if breaker.is_open:
        raise DatabaseUnavailable("the database did not answer a moment ago")
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, GateTimeout) as error:
        if _is_silence(error):
            breaker.trip()
        raise DatabaseUnavailable(_first_line(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable(_first_line(error)) from error
        raise


def _is_silence(error: Exception) -> bool:
    """Whether no answer came at all: an error that the server itself reports has a SQLSTATE."""
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) is None


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
