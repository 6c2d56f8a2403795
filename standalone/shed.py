"""Starts the parts in order, keeps them running, and stops them in order."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from db.migrate import upgrade
from standalone.broker import configuration, valkey_binary
from standalone.folder import DataFolder
from standalone.processes import Child

_READY_WITHIN_S: Final = 60.0
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "TRAINSHED_LOG_LEVEL")


class NotUp(Exception):
    """The API did not come up; what to look at."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose."""

    host: str
    port: int
    slots: int | None
    data_roots: str
    warm: bool
    allow_unisolated: bool


class Shed:
    """All processes of one machine's Trainshed."""

    def __init__(self, folder: DataFolder, options: Options, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._options = options
        self._say = say
        self._children: list[Child] = []
        self.url = ""

    def start(self) -> None:
        """Bring everything up and return when the API answers. Raises `NotUp`."""
        port = self._options.port or _free_port()
        self.url = f"http://{self._options.host}:{port}"
        upgrade(self._folder.database_url)
        broker_port, password = _free_port(), secrets.token_urlsafe(32)
        self._folder.write_secret("broker_url", f"redis://:{password}@127.0.0.1:{broker_port}/0")
        environment = self._environment(port)
        self._add("broker", [str(valkey_binary()), "-"], environment, 2.0, self._broker_config(broker_port, password))
        self._add("api", [sys.executable, "-P", "-m", "api"], environment, 7.0)
        self._add("reconciler", [sys.executable, "-P", "-m", "reconciler"], environment, 5.0)
        self._add("worker", [sys.executable, "-P", "-m", "worker"], environment, 12.0)
        self._await_api()
        self._folder.announce(self.url)

    def sign_in_link(self) -> str:
        """Return a link that opens the pages in a browser, signed in, once and soon; else where to sign in by hand."""
        request = urllib.request.Request(f"{self.url}/sign-in/links", method="POST")  # noqa: S310 - our own address
        request.add_header("Authorization", f"Bearer {self._folder.admin_key.read_text().strip()}")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own address
                return f"{self.url}{json.load(answer)['path']}"
        except (urllib.error.URLError, OSError, ValueError):
            return f"{self.url}/sign-in with the key in {self._folder.admin_key}"

    def keep(self, stop: threading.Event) -> None:
        """Keep all parts running until `stop` is set."""
        while not stop.wait(0.5):
            for child in self._children:
                happened = child.keep()
                if happened:
                    self._say(happened)

    def stop(self) -> None:
        """End all parts: the worker first, so that its jobs go back to the queue while the rest still stands."""
        for child in reversed(self._children):
            child.stop()

    def kill(self) -> None:
        for child in reversed(self._children):
            child.kill()

    def _add(self, name: str, argv: list[str], environment: dict[str, str], stop_s: float, stdin: bytes = b"") -> None:
        child = Child(name, argv, environment, self._folder.logs / f"{name}.log", stop_s, stdin)
        self._children.append(child)
        child.start()

    def _broker_config(self, port: int, password: str) -> bytes:
        return configuration(port=port, password=password, folder=self._folder.path)

    def _environment(self, port: int) -> dict[str, str]:
        """Only what the parts need. Passwords go by file."""
        options = self._options
        known = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        ours = {
            "DATABASE_URL": self._folder.database_url,
            "SECRETS_DIR": str(self._folder.secrets),
            "STORE_URL": str(self._folder.store),
            "SPOOL": str(self._folder.spool),
            "ADMIN_KEY_FILE": str(self._folder.admin_key),
            "HOST": options.host,
            "PORT": str(port),
            "DATA_ROOTS": options.data_roots,
            "WARM": str(options.warm).lower(),
            "ALLOW_UNISOLATED": str(options.allow_unisolated).lower(),
        }
        if options.slots is not None:
            ours["SLOTS"] = str(options.slots)
        return known | {f"TRAINSHED_{name}": value for name, value in ours.items()}

    def _await_api(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        while not _answers(f"{self.url}/readyz"):
            api = next(child for child in self._children if child.name == "api")
            ended = api.process is not None and api.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise NotUp(f"The API did not come up. Its log: {api.log}")
            time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def port_is_free(host: str, port: int) -> bool:
    """Whether nothing listens there. A look, not a promise."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
