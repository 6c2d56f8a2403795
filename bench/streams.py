"""What open streams cost the API: memory for each, CPU while nothing happens, and what submits take meanwhile.

`python -m bench streams`. Bounded: about half a minute for each database and kind of stream.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from db.migrate import upgrade
from tests.api.process import ApiProcess
from tests.servers import PostgresServer, ValkeyServer

STREAMS = 500
IDLE_S = 5.0
SUBMITS = 100
SUBMITS_PER_S = 20
MOST_SLOWER = 2.0
"""Gate: how many times as long a submit may take beside the open streams."""
SPEC = {"kind": "command", "name": "bench", "command": ["true"]}
KINDS = {
    "job events": "/api/v1/jobs/{job_id}/events",
    "job logs": "/api/v1/jobs/{job_id}/logs?follow=true",
    "project events": "/api/v1/events",
}


def measure_streams(folder: Path, *, database: str, streams: int = STREAMS) -> dict[str, Any]:
    """Return, for each kind of stream, what so many of them cost; every one of a job follows a job of its own."""
    found: dict[str, Any] = {}
    for number, (kind, path) in enumerate(KINDS.items()):
        # A process for each: memory that others gave back would hide what these take.
        with _api(folder / str(number), database=database) as api:
            found[kind] = _measure(api, path, streams)
    _print(database, streams, found)
    slower = {kind: costs["with"]["submit_p50_ms"] / costs["without"]["submit_p50_ms"] for kind, costs in found.items()}
    short = [f"{kind}: submit p50 x{ratio:.2f}" for kind, ratio in slower.items() if ratio > MOST_SLOWER]
    for each in short:
        print(f"  FALLS SHORT: {each} (gate x{MOST_SLOWER})")
    return {**found, "falls_short": short}


def _measure(api: ApiProcess, path: str, streams: int) -> dict[str, Any]:
    body = json.dumps({"jobs": [SPEC] * streams})
    answer = api.http.post("/jobs/batch", content=body, headers={"Content-Type": "application/json"})
    jobs = [item["id"] for item in answer.json()["items"]]
    _submits(api)  # warm
    without = _costs(api)
    before = _memory(api)
    with _opened(api, [path.format(job_id=job_id) for job_id in jobs]) as reader:
        kib = round((_memory(api) - before) / streams / 1024, 1)
        return {"kib_per_stream": kib, "without": without, "with": _costs(api), "received_bytes": reader.received}


def _costs(api: ApiProcess) -> dict[str, Any]:
    time.sleep(1)
    began, used = time.monotonic(), _cpu_s(api)
    time.sleep(IDLE_S)
    cpu = (_cpu_s(api) - used) / (time.monotonic() - began)
    return {"idle_cpu_s_per_s": round(cpu, 4), **_submits(api)}


def _submits(api: ApiProcess) -> dict[str, float]:
    """Submit at an even pace, one at a time."""
    took, began = [], time.monotonic()
    for number in range(SUBMITS):
        time.sleep(max(0.0, began + number / SUBMITS_PER_S - time.monotonic()))
        sent = time.perf_counter()
        assert api.http.post("/jobs", json=SPEC).status_code == 202
        took.append(1000 * (time.perf_counter() - sent))
    cuts = quantiles(took, n=100, method="inclusive")
    return {"submit_p50_ms": round(median(took), 2), "submit_p99_ms": round(cuts[98], 2)}


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
def _opened(api: ApiProcess, paths: list[str]) -> Iterator[Reader]:
    """Open a stream for each path. A few hundred connections at once are no more than the server may queue."""
    streams = []
    try:
        for path in paths:
            stream = socket.create_connection(("127.0.0.1", api.port))
            streams.append(stream)
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            stream.sendall(f"{head}Authorization: Bearer {api.key}\r\n\r\n".encode())
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


def _memory(api: ApiProcess) -> int:
    """Return the bytes of memory that the process has now."""
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{api.pid}/status").read_text())
    assert match is not None
    return int(match[1]) * 1024


def _cpu_s(api: ApiProcess) -> float:
    """Return the CPU seconds that the process has used."""
    fields = Path(f"/proc/{api.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _api(folder: Path, *, database: str) -> Iterator[ApiProcess]:
    postgres = PostgresServer(folder / "postgres", durable=True) if database == "postgresql" else None
    valkey = ValkeyServer(folder / "valkey")
    api = None
    try:
        folder.mkdir(exist_ok=True)
        if postgres is not None:
            postgres.start()
        url = postgres.url("postgres") if postgres else f"sqlite:///{folder / 'trainshed.db'}"
        upgrade(url)
        valkey.start()
        (folder / "api").mkdir()
        api = ApiProcess(folder / "api", database_url=url, broker_url=valkey.url, log_level="WARNING")
        yield api
    finally:
        if api is not None:
            api.stop()
        valkey.stop()
        if postgres is not None:
            postgres.stop()


def _print(database: str, streams: int, found: dict[str, dict[str, Any]]) -> None:
    for kind, costs in found.items():
        print(f"{database}, {streams} streams of {kind}: {costs['kib_per_stream']} KiB each")
        for name in ("without", "with"):
            cpu, p50, p99 = costs[name].values()
            print(f"  {name:8} {100 * cpu:5.1f} % of a core when idle, submit p50 {p50:6.2f} p99 {p99:6.2f} ms")
