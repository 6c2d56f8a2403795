"""Pages of a list of very many jobs, one job, a claim, and the duties of the reconciler, on one table.

Pages and jobs are asked of a real API process over HTTP, one after the other on one connection, in turns.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from sqlalchemy import text

from bench.durable import serve
from bench.rows import SPAN_S, fill, settle
from bench.ticks import count_rehinted, measure_claims, measure_round_trips, measure_ticks
from db.engine import Database, open_database
from tests.api.process import ApiProcess
from trainshed.specs import dump_spec, parse_spec

JOBS: Final = {"postgresql": 1_000_000, "sqlite": 100_000}
LIMIT: Final = 50
DEEP: Final = 500
ROUNDS: Final = 40
JOBS_READ: Final = 300
SPECS: Final = {
    "command": {"kind": "command", "name": "bench", "command": ["true"]},
    "train": {
        "kind": "train",
        "name": "bench",
        "data": {"dataset": "builtin/digits"},
        "model": {"family": "image_classifier", "preset": "cnn_small"},
    },
}
PAGE_P95_MS: Final = 150.0
DEEP_RATIO: Final = 1.5
GET_P95_MS: Final = 15.0
CLAIM_P50_MS: Final = 2.0
TICK_MS: Final = 100.0
"""A tenth of a tick. Our own bound."""

Query = dict[str, Any]


def measure_pages(folder: Path, *, database: str) -> dict[str, Any]:
    """Return milliseconds of pages, reads, claims and duties, and which gates were not reached."""
    with serve(folder, database=database) as served:
        rows = open_database(served.database_url, patience_s=120.0)
        try:
            return _measure(served.api, rows)
        finally:
            rows.close()


def _measure(api: ApiProcess, rows: Database) -> dict[str, Any]:
    now = time.time()
    jobs = JOBS[rows.dialect]
    with rows.read() as conn:
        project_id = conn.execute(text("SELECT id FROM project")).scalars().one()
    began = time.perf_counter()
    fill(rows, project_id, {kind: dump_spec(parse_spec(spec)) for kind, spec in SPECS.items()}, jobs=jobs, now=now)
    settle(rows)
    loaded_s = time.perf_counter() - began
    pages = _in_turns(api, _queries(api, now))
    reads = {"get": _reads(api, rows), "round trip": measure_round_trips(rows)}
    rehinted = count_rehinted(rows)
    ticks = measure_ticks(rows, project_id)
    singles = {**reads, "claim": measure_claims(rows)}
    return _report(rows.dialect, loaded_s, pages, singles, ticks, rehinted)


def _queries(api: ApiProcess, now: float) -> dict[str, Query]:
    middle = {"created_after": _at(now - SPAN_S / 2), "created_before": _at(now - SPAN_S / 2 + 86_400)}
    return {
        "first": {},
        f"page {DEEP}": {"cursor": _cursor_before(api, DEEP)},
        "state": {"state": "failed"},
        "rare state": {"state": "running"},
        "kind": {"kind": "train"},
        "name": {"name": "resnet-77"},
        "label": {"label": "team=vision"},
        "rare label": {"label": "experiment=exp-77"},
        "text": {"text": "mobile"},
        "text of none": {"text": "no such text"},
        "created range": middle,
        "combination": {"state": ["failed", "queued"], "kind": "train", "label": "team=ads", "text": "unet", **middle},
    }


def _cursor_before(api: ApiProcess, number: int) -> str:
    cursor: Query = {}
    for _ in range(number - 1):
        cursor = {"cursor": _page(api, cursor)["next_cursor"]}
    return str(cursor["cursor"])


def _page(api: ApiProcess, query: Query) -> dict[str, Any]:
    answer = api.http.get("/jobs", params={"limit": LIMIT, **query})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def _in_turns(api: ApiProcess, queries: dict[str, Query]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in queries}
    for _ in range(ROUNDS):
        for name, query in queries.items():
            began = time.perf_counter()
            _page(api, query)
            times[name].append((time.perf_counter() - began) * 1000)
    return times


def _reads(api: ApiProcess, rows: Database) -> list[float]:
    """Read jobs of all states, from all over the table."""
    with rows.read() as conn:
        found = list(conn.execute(text("SELECT id FROM job")).scalars())
    times = []
    for job_id in random.Random(7).sample(found, JOBS_READ):
        began = time.perf_counter()
        answer = api.http.get(f"/jobs/{job_id}")
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return times


def _report(
    database: str,
    loaded_s: float,
    pages: dict[str, list[float]],
    singles: dict[str, list[float]],
    ticks: dict[str, float],
    rehinted: int,
) -> dict[str, Any]:
    deep = median(pages[f"page {DEEP}"]) / median(pages["first"])
    reached = {
        **{f"{name} p95": (_p95(times), PAGE_P95_MS) for name, times in pages.items()},
        "deep/first": (deep, DEEP_RATIO),
        "get p95": (_p95(singles["get"]), GET_P95_MS),
        "claim p50": (median(singles["claim"]), CLAIM_P50_MS),
        **{name: (ms, TICK_MS) for name, ms in ticks.items()},
    }
    short = [f"{name} {value:.2f} of {gate:g}" for name, (value, gate) in reached.items() if value > gate]
    print(f"{JOBS[database]} jobs on {database}, written in {loaded_s:.0f} s; milliseconds")
    for name, times in {**pages, **singles}.items():
        print(f"  {name:16}p50 {median(times):7.2f}  p95 {_p95(times):7.2f}")
    print(f"  page {DEEP} is {deep:.2f} of the first one (gate {DEEP_RATIO})")
    for name, ms in ticks.items():
        print(f"  {name:16}p50 {ms:7.2f}  (gate {TICK_MS:g})")
    print(f"  a tick of hints wrote {rehinted} rows")
    for each in short:
        print(f"  FALLS SHORT: {each}")
    return {
        "jobs": JOBS[database],
        "loaded_s": round(loaded_s, 1),
        "p50_ms": {name: round(median(times), 2) for name, times in {**pages, **singles}.items()},
        "p95_ms": {name: round(_p95(times), 2) for name, times in {**pages, **singles}.items()},
        "deep_to_first": round(deep, 3),
        "tick_ms": {name: round(ms, 2) for name, ms in ticks.items()},
        "rehinted_rows": rehinted,
        "falls_short": short,
    }


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
