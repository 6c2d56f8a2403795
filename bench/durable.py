"""The API as a process of its own on a durable database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from db.migrate import upgrade
from tests.api.process import ApiProcess
from tests.servers import PostgresServer, ValkeyServer


@dataclass(frozen=True)
class Served:
    """The API, and where its rows are."""

    api: ApiProcess
    database_url: str


@contextmanager
def serve(folder: Path, *, database: str) -> Iterator[Served]:
    """Start database, broker and API on `sqlite` or `postgresql`, and stop them."""
    postgres = PostgresServer(folder / "postgres", durable=True) if database == "postgresql" else None
    valkey = ValkeyServer(folder / "valkey")
    api = None
    try:
        if postgres is not None:
            postgres.start()
        url = postgres.url("postgres") if postgres else f"sqlite:///{folder / 'trainshed.db'}"
        upgrade(url)
        valkey.start()
        api = ApiProcess(folder, database_url=url, broker_url=valkey.url, log_level="INFO")
        yield Served(api, url)
    finally:
        if api is not None:
            api.stop()
        valkey.stop()
        if postgres is not None:
            postgres.stop()
