"""The data of a chart: a series of a million points, asked of a real API process over HTTP, thinned out by the server.

The series falls like a loss, and has single peaks up and down at known steps: a chart that loses one of them lies.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from sqlalchemy import Connection, text

from bench.durable import serve
from bench.rows import settle, write_rows
from db import blocks
from db.blocks import Growth
from db.engine import Database, open_database
from tests.api.process import ApiProcess

POINTS: Final = 1_000_000
SHOWN: Final = 2_000
ROUNDS: Final = 40
PEAKS: Final = {123_456: 9.0, 500_001: -3.0, 876_543: 12.0}
P95_MS: Final = 150.0

_POINT: Final = ("series_id", "step", "value", "attempt", "at")
_SERIES: Final = text("""
    INSERT INTO metric_series (job_id, name, last_step, last_value, fresh) VALUES (:job_id, 'loss', :last, 0.1, :last)
    RETURNING id
""")
_GROWTH: Final = text("SELECT id, sealed_step, fresh FROM metric_series WHERE id = :id")


def measure_chart(folder: Path, *, database: str) -> dict[str, Any]:
    """Return milliseconds of whole charts and of a tenth, by zoom, and which gates were not reached."""
    with serve(folder, database=database) as served:
        rows = open_database(served.database_url, patience_s=120.0)
        try:
            job_id = _fill(served.api, rows)
            return _measure(served.api, job_id, database)
        finally:
            rows.close()


def _fill(api: ApiProcess, rows: Database) -> str:
    spec = {"kind": "command", "name": "bench", "command": ["true"]}
    job_id: str = api.http.post("/jobs", json=spec).json()["id"]
    write_series(rows, job_id)
    settle(rows)
    return job_id


def write_series(rows: Database, job_id: str) -> None:
    """Write `POINTS` points of `loss` of a job that has none, with the blocks that a worker would have made."""
    with rows.begin() as conn:
        series_id = conn.execute(_SERIES, {"job_id": job_id, "last": POINTS}).scalar_one()
        write_rows(conn, "metric_point", _POINT, list(_points(series_id)))
        _seal(conn, series_id)


def _seal(conn: Connection, series_id: int) -> None:
    sealed_step = None
    while (series := Growth(*conn.execute(_GROWTH, {"id": series_id}).one())).sealed_step != sealed_step:
        sealed_step = series.sealed_step
        blocks.seal(conn, series)


def _points(series_id: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(7)
    now = time.time()
    for step in range(1, POINTS + 1):
        value = 2.0 * math.exp(-step / 200_000) + chance.gauss(0.0, 0.05)
        yield (series_id, step, PEAKS.get(step, value), 1, now + step / 100)


def _measure(api: ApiProcess, job_id: str, database: str) -> dict[str, Any]:
    asked = {
        "whole": {"points": SHOWN},
        "half": {"points": SHOWN, "since_step": POINTS // 3, "until_step": POINTS // 3 + POINTS // 2},
        "tenth": {"points": SHOWN, "since_step": POINTS // 10, "until_step": POINTS // 5},
        "6 in 100": {"points": SHOWN, "since_step": POINTS // 10, "until_step": POINTS // 10 + 6 * POINTS // 100},
    }
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, query in asked.items():
            began = time.perf_counter()
            answer = api.http.get(f"/jobs/{job_id}/metrics", params={"series": "loss", **query})
            times[name].append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
            if name == "whole":
                check_shown(answer.json()["series"][0]["points"])
    return _report(database, times)


def check_shown(points: list[dict[str, Any]]) -> None:
    """A chart of the whole series has at most `SHOWN` points, its ends and its peaks."""
    shown = {point["step"]: point["value"] for point in points}
    assert len(points) <= SHOWN, len(points)
    assert {step: shown.get(step) for step in PEAKS} == PEAKS
    assert {1, POINTS} <= set(shown)


def _report(database: str, times: dict[str, list[float]]) -> dict[str, Any]:
    p95 = {name: quantiles(each, n=20)[-1] for name, each in times.items()}
    short = [f"{name} p95 {value:.1f} of {P95_MS:g}" for name, value in p95.items() if value > P95_MS]
    print(f"a chart of {POINTS:,} points as at most {SHOWN:,} on {database}; milliseconds")
    for name, each in times.items():
        print(f"  {name:8}p50 {median(each):7.2f}  p95 {p95[name]:7.2f}")
    for each in short:
        print(f"  FALLS SHORT: {each}")
    return {
        "points": POINTS,
        "p50_ms": {name: round(median(each), 2) for name, each in times.items()},
        "p95_ms": {name: round(value, 2) for name, value in p95.items()},
        "falls_short": short,
    }
