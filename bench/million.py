"""The dashboard over very many jobs: how long a person waits who opens its pages, goes deep into the list, and filters.

Pages are asked of a real API process over HTTP, as a browser that is signed in does, one after the other, in turns. The
jobs of the latest pages have series with points, which the list draws.
"""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from sqlalchemy import text

from bench.browser import SignedIn
from bench.chart import SHOWN, check_shown, write_series
from bench.durable import serve
from bench.pages import DEEP, DEEP_RATIO, JOBS, PAGE_P95_MS, SPECS
from bench.rows import fill, settle
from db.engine import Database, open_database
from tests.api.process import ApiProcess
from trainshed.specs import dump_spec, parse_spec

ROUNDS: Final = 40
_LATEST: Final = 50_000
"""So many jobs are on the pages that are asked for."""
_POINTS: Final = 40

_SERIES: Final = text("""
    INSERT INTO metric_series (job_id, name, last_step, last_value)
    SELECT id, 'epoch/loss', :points, 0.25
    FROM (SELECT id, kind, attempt FROM job ORDER BY id DESC LIMIT :latest) AS latest
    WHERE kind = 'train' AND attempt > 0
""")
_FILL: Final = text("""
    INSERT INTO metric_point (series_id, step, value, attempt, at)
    WITH RECURSIVE number(step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM number WHERE step < :points)
    SELECT id, step, 1.0 / step, 1, 0.0 FROM metric_series CROSS JOIN number WHERE name = 'epoch/loss'
""")
_TRAINED: Final = text("SELECT job_id FROM metric_series WHERE name = 'epoch/loss' ORDER BY job_id DESC LIMIT 1")


def measure_million(folder: Path, *, database: str) -> dict[str, Any]:
    """Return milliseconds to the first byte of pages and of a chart, and which gates were not reached."""
    with serve(folder, database=database) as served:
        rows = open_database(served.database_url, patience_s=120.0)
        try:
            began = time.perf_counter()
            job_id = _fill(rows)
            loaded_s = time.perf_counter() - began
            return _measure(served.api, rows.dialect, job_id, loaded_s)
        finally:
            rows.close()


def _fill(rows: Database) -> str:
    """Write everything; return the job with the long series."""
    with rows.read() as conn:
        project_id = conn.execute(text("SELECT id FROM project")).scalars().one()
    specs = {kind: dump_spec(parse_spec(spec)) for kind, spec in SPECS.items()}
    fill(rows, project_id, specs, jobs=JOBS[rows.dialect], now=time.time())
    with rows.begin() as conn:
        conn.execute(_SERIES, {"latest": _LATEST, "points": _POINTS})
        conn.execute(_FILL, {"points": _POINTS})
        job_id: str = conn.execute(_TRAINED).scalar_one()
        conn.execute(text("DELETE FROM metric_series WHERE job_id = :id AND name = 'loss'"), {"id": job_id})
    write_series(rows, job_id)
    settle(rows)
    return job_id


def _measure(api: ApiProcess, database: str, job_id: str, loaded_s: float) -> dict[str, Any]:
    browser = SignedIn(api)
    try:
        paths = _paths(browser, job_id)
        times: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, path in paths.items():
                answer = browser.get(path)
                times[name].append(answer.whole_ms if name == "chart" else answer.first_byte_ms)
        check_shown(json.loads(browser.get(paths["chart"]).text)["series"][0]["points"])
        return _report(database, times, loaded_s)
    finally:
        browser.close()


def _paths(browser: SignedIn, job_id: str) -> dict[str, str]:
    return {
        "start": "/",
        "jobs": "/jobs",
        f"page {DEEP}": _page(browser, DEEP),
        "state": "/jobs?state=failed",
        "rare state": "/jobs?state=running",
        "kind": "/jobs?kind=train",
        "label": "/jobs?label=team%3Dvision",
        "rare label": "/jobs?label=experiment%3Dexp-77",
        "text": "/jobs?text=mobile",
        "text of none": "/jobs?text=no+such+text",
        "time": "/jobs?since=7d",
        "combination": "/jobs?state=failed&state=queued&kind=train&label=team%3Dads&text=unet&since=30d",
        "by name": "/jobs?sort=name",
        "by end": "/jobs?sort=-finished",
        "job": f"/jobs/{job_id}",
        "chart": f"/api/v1/jobs/{job_id}/metrics?series=loss&points={SHOWN}",
    }


def _page(browser: SignedIn, number: int) -> str:
    """Follow the link to the next page until the page of that number is next."""
    path = "/jobs"
    for _ in range(number - 1):
        found = re.search(r'href="([^"]+)" rel="next"', browser.get(path).text)
        assert found is not None, f"no page follows {path}"
        path = html.unescape(found[1])
    return path


def _report(database: str, times: dict[str, list[float]], loaded_s: float) -> dict[str, Any]:
    p50 = {name: median(each) for name, each in times.items()}
    p95 = {name: quantiles(each, n=20)[-1] for name, each in times.items()}
    deep = p50[f"page {DEEP}"] / p50["jobs"]
    short = [f"{name} p95 {value:.1f} of {PAGE_P95_MS:g}" for name, value in p95.items() if value > PAGE_P95_MS]
    short += [f"page {DEEP} to the first {deep:.2f} of {DEEP_RATIO:g}"] if deep > DEEP_RATIO else []
    print(
        f"pages over {JOBS[database]:,} jobs on {database}, written in {loaded_s:.0f} s; milliseconds to the first byte"
    )
    for name in times:
        print(f"  {name:14}p50 {p50[name]:7.2f}  p95 {p95[name]:7.2f}  (gate {PAGE_P95_MS:g})")
    print(f"  page {DEEP} is {deep:.2f} of the first one (gate {DEEP_RATIO})")
    for each in short:
        print(f"  FALLS SHORT: {each}")
    return {
        "jobs": JOBS[database],
        "loaded_s": round(loaded_s, 1),
        "p50_ms": {name: round(value, 2) for name, value in p50.items()},
        "p95_ms": {name: round(value, 2) for name, value in p95.items()},
        "deep_to_first": round(deep, 3),
        "falls_short": short,
    }
