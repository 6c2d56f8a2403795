"""Notices that the server has hung up, before a statement is lost on the dead connection.

After a restart of Postgres each connection of a pool is dead, and the first statement on it would fail, minutes later.
A connection that waits in the pool has nothing to read: what is there is the end. Asking the socket takes a
microsecond, where a question to the server would take a round trip.
"""

from __future__ import annotations

import select
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError


def replace_dead_connections(engine: Engine) -> None:
    """Make the pool of `engine` connect anew instead of handing out a connection that the server has closed."""

    @event.listens_for(engine, "checkout")
    def look(connection: Any, record: Any, proxy: Any) -> None:
        poll = select.poll()  # select() cannot see descriptors beyond 1,024
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            raise DisconnectionError("the database has closed the connection")
