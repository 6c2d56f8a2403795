"""What open streams cost the API: memory for each, CPU while nothing happens, and what submits take meanwhile; and what
200 open pages cost it, and a job that trains.

`python -m bench streams`. Bounded: about half a minute for each database and kind of stream, and two for the pages.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.open_pages import measure_open_pages
from bench.open_streams import cpu_s_of, memory_of, opened
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
    pages = measure_open_pages(folder / "pages", database=database)
    slower = {kind: costs["with"]["submit_p50_ms"] / costs["without"]["submit_p50_ms"] for kind, costs in found.items()}
    short = [f"{kind}: submit p50 x{ratio:.2f}" for kind, ratio in slower.items() if ratio > MOST_SLOWER]
    for each in short:
        print(f"  FALLS SHORT: {each} (gate x{MOST_SLOWER})")
    return {**found, "pages": pages, "falls_short": [*short, *pages["falls_short"]]}


def _measure(api: ApiProcess, path: str, streams: int) -> dict[str, Any]:
    body = json.dumps({"jobs": [SPEC] * streams})
    answer = api.http.post("/jobs/batch", content=body, headers={"Content-Type": "application/json"})
    jobs = [item["id"] for item in answer.json()["items"]]
    _submits(api)  # warm
    without = _costs(api)
    before = memory_of(api.pid)
    with opened(api.port, api.key, [path.format(job_id=job_id) for job_id in jobs]) as reader:
        kib = round((memory_of(api.pid) - before) / streams / 1024, 1)
        return {"kib_per_stream": kib, "without": without, "with": _costs(api), "received_bytes": reader.received}


def _costs(api: ApiProcess) -> dict[str, Any]:
    time.sleep(1)
    began, used = time.monotonic(), cpu_s_of(api.pid)
    time.sleep(IDLE_S)
    cpu = (cpu_s_of(api.pid) - used) / (time.monotonic() - began)
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
