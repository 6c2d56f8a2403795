"""A Postgres connection on which no statement waits for ever.

A server that froze does not honour its own `statement_timeout`, and its kernel goes on answering keepalives. So the
wait itself has an end: after it the connection is closed, the caller gets `OperationalError`, and the pool replaces it.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors
from psycopg.abc import RV, PQGen
from sqlalchemy import Engine, event


class DeadlineConnection(psycopg.Connection[Any]):
    """Gives each round trip to the server `deadline_s` seconds."""

    deadline_s: float | None = None

    def __del__(self, __: Any = None, /) -> None:
        # A pool that is closed drops what comes back to it later. Such a connection is closed without complaint.
        if hasattr(self, "pgconn"):
            self.pgconn.finish()

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval, self.deadline_s if timeout is None else timeout)
        except errors._WaitTimeout as error:  # noqa: SLF001 - psycopg raises it and exports no other name
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the database did not answer within {self.deadline_s} s") from error


def give_deadline(engine: Engine, deadline_s: float) -> None:
    """Make every connection of `engine` abandon a round trip after `deadline_s` seconds."""

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, args: Any, parameters: Any) -> DeadlineConnection:
        connection = DeadlineConnection.connect(*args, **parameters)
        connection.deadline_s = deadline_s
        return connection
