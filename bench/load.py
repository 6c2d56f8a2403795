"""A load generator for one request, over and over: bounded in time, on loopback, with nothing but sockets.

It parses no more of an answer than its status and its end, so that on the other core it is never the bottleneck.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What came back."""

    per_s: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]

    def __str__(self) -> str:
        return f"{self.per_s:8.0f}/s  p50 {self.p50_ms:6.2f} ms  p99 {self.p99_ms:6.2f} ms"


def request(method: str, path: str, *, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port: int, make: Callable[[], bytes], *, connections: int = 32, seconds: float = 3.0) -> Load:
    """Keep `connections` busy for so long; each sends its next request as soon as it has its answer."""
    clients = [_Client(port) for _ in range(connections)]
    by_number = {client.number: client for client in clients}
    poll = select.epoll()
    for client in clients:
        poll.register(client.number, select.EPOLLIN)
        client.send(make())
    times: list[float] = []
    statuses: dict[int, int] = {}
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for number, _ in poll.poll(0.1):
            client = by_number[number]
            status = client.receive()
            if status is not None:
                times.append(time.perf_counter() - client.sent_at)
                statuses[status] = statuses.get(status, 0) + 1
                client.send(make())
    elapsed = time.perf_counter() - began
    for client in clients:
        client.close()
    return Load(
        per_s=len(times) / elapsed,
        p50_ms=1000 * median(times),
        p99_ms=1000 * quantiles(times, n=100, method="inclusive")[98],
        statuses=statuses,
    )


class _Client:
    """One connection that is kept alive."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = self._socket.fileno()
        self._got = b""
        self.sent_at = 0.0

    def send(self, content: bytes) -> None:
        self._got = b""
        self.sent_at = time.perf_counter()
        self._socket.sendall(content)

    def receive(self) -> int | None:
        """Take what is there. Returns the status once the answer is whole."""
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = _LENGTH.search(self._got, 0, head)
        whole = head + 4 + (int(length[1]) if length else 0)
        return int(self._got[9:12]) if len(self._got) >= whole else None

    def close(self) -> None:
        self._socket.close()
