"""A platform to measure: API, reconciler, one worker, Valkey, and a database that is durable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.migrate import upgrade
from tests.servers import PostgresServer, ValkeyServer
from tests.system.platform import Platform


@contextmanager
def bench_platform(folder: Path, *, database: str, slots: int = 2) -> Iterator[Platform]:
    """Start it with fsync on, wait until a first job has run, stop it afterwards."""
    postgres = PostgresServer(folder / "postgres", durable=True) if database == "postgresql" else None
    valkey = ValkeyServer(folder / "valkey")
    platform = None
    try:
        if postgres is not None:
            postgres.start()
        url = postgres.url("postgres") if postgres else f"sqlite:///{folder / 'trainshed.db'}"
        upgrade(url)
        valkey.start()
        platform = Platform(folder / "platform", database_url=url, broker_url=valkey.url)
        platform.start(workers=1, slots=slots)
        platform.wait(platform.command("true"))
        yield platform
    finally:
        if platform is not None:
            platform.stop()
        valkey.stop()
        if postgres is not None:
            postgres.stop()
