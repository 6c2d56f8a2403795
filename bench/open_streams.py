"""Streams that stand open on an API process, read by one thread that throws away what they bring, and what it uses."""

from __future__ import annotations

import os
import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


class Reader:
    """Reads what all streams bring and throws it away."""

    def __init__(self, streams: list[socket.socket]) -> None:
        self.received = 0
        self._streams = streams
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for stream in self._streams:
                selector.register(stream, selectors.EVENT_READ)
            while not self._stop.is_set():
                for key, _ in selector.select(0.2):
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(1 << 16)
                    assert data, "the server closed a stream"
                    self.received += len(data)


@contextmanager
def opened(port: int, key: str, paths: Sequence[str]) -> Iterator[Reader]:
    """Open a stream for each path. A few hundred connections at once are no more than the server may queue."""
    streams = []
    try:
        for path in paths:
            stream = socket.create_connection(("127.0.0.1", port))
            streams.append(stream)
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            stream.sendall(f"{head}Authorization: Bearer {key}\r\n\r\n".encode())
            assert stream.recv(4096).startswith(b"HTTP/1.1 200")
        reader = Reader(streams)
        try:
            time.sleep(1)
            yield reader
        finally:
            reader.close()
    finally:
        for stream in streams:
            stream.close()


def memory_of(pid: int) -> int:
    """Return the bytes of memory that the process has now."""
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1]) * 1024


def cpu_s_of(pid: int) -> float:
    """Return the CPU seconds that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
