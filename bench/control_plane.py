"""Reads and submits of one API process, beside bare FastAPI routes with the same bodies, in turns of one run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import Load, request, run
from db.migrate import upgrade
from tests.api.process import ApiProcess
from tests.servers import PostgresServer, ValkeyServer, free_port, wait_until

ROUNDS = 3
SECONDS = 2.0
SPEC = {"kind": "command", "name": "bench", "command": ["true"]}
BATCH = 1_000
GATES = {
    "sqlite": {"get": 0.35, "submit": 0.12, "batch_jobs_per_s": 8_000},
    "postgresql": {"get": 0.12, "submit": 0.07, "batch_jobs_per_s": 8_000},
}


def measure_control_plane(folder: Path, *, database: str) -> dict[str, Any]:
    """Return requests a second, milliseconds, and the ratios to the bare routes. Medians of interleaved rounds."""
    with _api(folder, database=database) as api:
        job = api.http.post("/jobs", json=SPEC).json()
        with _bare(folder, api.http.get(f"/jobs/{job['id']}").json()) as bare_port:
            headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
            get = request("GET", f"/api/v1/jobs/{job['id']}", headers=headers)
            submit = request("POST", "/api/v1/jobs", headers=headers, body=json.dumps(SPEC).encode())
            bare_get = request("GET", "/job", headers={})
            bare_post = request(
                "POST", "/jobs", headers={"Content-Type": "application/json"}, body=json.dumps(SPEC).encode()
            )
            found = _in_turns(
                {
                    "bare get": lambda: run(bare_port, lambda: bare_get, seconds=SECONDS),
                    "get": lambda: run(api.port, lambda: get, seconds=SECONDS),
                    "bare post": lambda: run(bare_port, lambda: bare_post, seconds=SECONDS),
                    "submit": lambda: run(api.port, lambda: submit, seconds=SECONDS),
                }
            )
        batch_per_s = _batches(api)
    return _report(database, found, batch_per_s)


def _in_turns(loads: dict[str, Callable[[], Load]]) -> dict[str, Load]:
    results: dict[str, list[Load]] = {name: [] for name in loads}
    for _ in range(ROUNDS):
        for name, load in loads.items():
            results[name].append(load())
    middle = {name: median(one.per_s for one in several) for name, several in results.items()}
    return {name: min(several, key=lambda one: abs(one.per_s - middle[name])) for name, several in results.items()}


def _batches(api: ApiProcess) -> float:
    """Return jobs a second of batches sent one after the other."""
    body = json.dumps({"jobs": [SPEC] * BATCH})
    rates = []
    for _ in range(ROUNDS * 3):
        began = time.perf_counter()
        answer = api.http.post("/jobs/batch", content=body, headers={"Content-Type": "application/json"})
        rates.append(BATCH / (time.perf_counter() - began))
        assert answer.status_code == 202, answer.text
    return median(rates)


def _report(database: str, found: dict[str, Load], batch_per_s: float) -> dict[str, Any]:
    ratios = {
        "get": found["get"].per_s / found["bare get"].per_s,
        "submit": found["submit"].per_s / found["bare post"].per_s,
    }
    gates = GATES[database]
    reached = {**ratios, "batch_jobs_per_s": batch_per_s}
    short = [f"{name} {reached[name]:.3f} of {gate}" for name, gate in gates.items() if reached[name] < gate]
    print(f"control plane on {database}, 32 connections, medians of {ROUNDS} rounds in turns")
    for name, load in found.items():
        ratio = f"  {ratios[name]:.3f} of bare FastAPI (gate {gates[name]})" if name in ratios else ""
        print(f"  {name:10}{load}{ratio}  {load.statuses}")
    print(f"  batch of {BATCH}: {batch_per_s:.0f} jobs/s (gate {gates['batch_jobs_per_s']})")
    for each in short:
        print(f"  FALLS SHORT: {each}")
    return {
        "per_s": {name: round(load.per_s) for name, load in found.items()},
        "p99_ms": {name: round(load.p99_ms, 2) for name, load in found.items()},
        "ratio": {name: round(ratio, 3) for name, ratio in ratios.items()},
        "batch_jobs_per_s": round(batch_per_s),
        "falls_short": short,
    }


@contextmanager
def _api(folder: Path, *, database: str) -> Iterator[ApiProcess]:
    """The API on a durable database."""
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
        yield api
    finally:
        if api is not None:
            api.stop()
        valkey.stop()
        if postgres is not None:
            postgres.stop()


@contextmanager
def _bare(folder: Path, document: dict[str, Any]) -> Iterator[int]:
    """Bare FastAPI in a process of its own, on the same kind of server."""
    port = free_port()
    path = folder / "document.json"
    path.write_text(json.dumps(document))
    process = subprocess.Popen([sys.executable, "-m", "bench.bare", str(port), str(path)])
    try:
        wait_until(lambda: _answers(port), what="bare FastAPI to answer")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        run(port, lambda: request("GET", "/job", headers={}), connections=1, seconds=0.05)
    except OSError:
        return False
    return True
