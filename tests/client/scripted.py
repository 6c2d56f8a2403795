"""A server that answers what a test wrote down, on loopback: for faults that no real server shows on demand."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from trainshed.client import Patience


@dataclass(frozen=True)
class Answer:
    """What to answer. `broken`: the connection ends in the middle of the body. `refused`: before any answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    port: int
    """The client's end of the connection."""


class ScriptedServer:
    """Gives the answers to each address in order, and the last of them from then on."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Write answers down. `path?follow` stands for requests with that parameter, where it is written down."""
        self._answers[method, path].extend(answers)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        followed = self._answers.get((asked.method, f"{asked.path}?follow")) if "follow" in asked.query else None
        answers = followed or self._answers[asked.method, asked.path]
        if not answers:
            return Answer(599, f"no answer is written down for {asked.method} {asked.path}".encode())
        return answers.pop(0) if len(answers) > 1 else answers[0]


def as_json(document: Any, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json", **names})


def problem(status: int, code: str, detail: str = "it went wrong", **more: Any) -> Answer:
    document = {"type": "about:blank", "title": "A problem", "status": status, "detail": detail, "code": code, **more}
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/problem+json"})


@contextmanager
def serve() -> Iterator[ScriptedServer]:
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    script = ScriptedServer(http.server_address[1])
    http.script = script  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def do_PUT(self) -> None:
        self._reply()

    def do_PATCH(self) -> None:
        self._reply()

    def do_DELETE(self) -> None:
        self._reply()

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client may leave in the middle
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _reply(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(
            self.command, parts.path, parse_qs(parts.query), headers, self.rfile.read(length), self.client_address[1]
        )
        answer = self.server.script.answer(asked)  # type: ignore[attr-defined]
        self.close_connection = answer.refused or answer.broken
        if answer.refused:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (1000 if answer.broken else 0)))
        self.end_headers()
        self.wfile.write(answer.body)


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        assert len(self.slept) < 1000, "the client sleeps without end"

    def patience(self, budget_s: float = 30.0) -> Patience:
        return Patience(budget_s=budget_s, now=lambda: self.time, sleep=self.sleep, draw=lambda: 1.0)
