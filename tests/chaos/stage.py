"""The platform that chaos plays on: two APIs, three workers of two slots, two reconcilers, a broker, a database.

Broker and Postgres are reached through proxies. Whatever is killed is started again by `mend`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from db.migrate import upgrade
from tests.chaos.proxy import FaultProxy
from tests.servers import PostgresServer, ValkeyServer, free_port, wait_until
from tests.system.platform import Process, environment_of

WORKERS: Final = 3
SLOTS: Final = 2
Database = Literal["sqlite", "postgresql"]


@dataclass(slots=True)
class Part:
    """One process that is kept alive."""

    name: str
    argv: list[str]
    env: dict[str, str]
    process: Process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        return self.process.has_ended


@dataclass(slots=True)
class Stage:
    """All parts, and the folder they work in."""

    folder: Path
    env: dict[str, str]
    valkey: ValkeyServer
    broker_proxy: FaultProxy
    postgres: PostgresServer | None
    database_proxy: FaultProxy | None
    api_ports: list[int]
    parts: dict[str, Part] = field(default_factory=dict)
    workers_started: int = 0

    @property
    def key(self) -> str:
        return (self.folder / "admin.key").read_text().strip()

    def workers(self) -> list[Part]:
        return [part for name, part in self.parts.items() if name.startswith("worker")]

    def raise_curtain(self) -> None:
        for number, port in enumerate(self.api_ports, start=1):
            self._start(f"api-{number}", "api", env={"TRAINSHED_PORT": str(port)})
            wait_until((self.folder / "admin.key").exists, what="the key of the administrator")
        for number in (1, 2):
            self._start(f"reconciler-{number}", "reconciler")
        for _ in range(WORKERS):
            self.add_worker()

    def add_worker(self) -> None:
        self.workers_started += 1
        name = f"worker-{self.workers_started}"
        arguments = ["--serves", "cpu", "--slots", str(SLOTS), "--worker-name", name]
        self._start(name, "worker", *arguments, env={"TRAINSHED_SPOOL": str(self.folder / "spool")})

    def mend(self) -> None:
        """Start again what has ended. A worker is followed by a new one of another name."""
        for part in [part for part in self.parts.values() if part.has_ended]:
            del self.parts[part.name]
            if part.name.startswith("worker"):
                self.add_worker()
            else:
                part.process = Process(part.name, part.argv, part.env, self.folder)
                self.parts[part.name] = part

    def lower_curtain(self) -> None:
        for part in self.parts.values():
            os.kill(part.pid, signal.SIGCONT)
        for part in reversed(list(self.parts.values())):
            part.process.stop()

    def _start(self, name: str, module: str, *arguments: str, env: dict[str, str] | None = None) -> None:
        argv = [sys.executable, "-P", "-m", module, *arguments]
        whole = self.env | (env or {})
        self.parts[name] = Part(name, argv, whole, Process(name, argv, whole, self.folder))


@contextmanager
def staged(folder: Path, database: Database) -> Iterator[Stage]:
    """Start everything on an empty database, and stop it afterwards."""
    with ExitStack() as opened:
        valkey = ValkeyServer(folder / "valkey")
        valkey.start()
        opened.callback(valkey.stop)
        broker_proxy = opened.enter_context(FaultProxy(valkey.port))
        postgres, database_proxy, url = None, None, f"sqlite:///{folder / 'trainshed.db'}"
        if database == "postgresql":
            postgres = PostgresServer(folder / "postgres", durable=True)
            postgres.start()
            opened.callback(postgres.stop)
            database_proxy = opened.enter_context(FaultProxy(postgres.port))
            url = postgres.url("postgres").replace(f":{postgres.port}/", f":{database_proxy.port}/")
        upgrade(url)
        stage = Stage(
            folder,
            environment_of(folder, url, valkey.url.replace(f":{valkey.port}/", f":{broker_proxy.port}/")),
            valkey,
            broker_proxy,
            postgres,
            database_proxy,
            [free_port(), free_port()],
        )
        opened.callback(stage.lower_curtain)
        stage.raise_curtain()
        yield stage
