"""`python -m tests.proofs.heap`: the page of a running job keeps no more memory after 3,600 updates than after 360.

A real Chromium shows the page of a real API process. An update is what an attempt writes: points of four series, lines
of the log and progress, in one transaction; then the API is nudged, so that the page's own stream tells of it at once
and not at its next look. The page reads what has changed, draws it, and only then comes the next update. Its pauses
between two updates are cut short. Before memory is read, the browser collects garbage.

By the first reading charts have as many points, and the log as many lines, as a page ever shows.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, CDPSession, Page, sync_playwright

from db import reports
from db.engine import Database, open_database
from db.migrate import upgrade
from db.reports import Point
from db.transitions import Claim
from tests.api.process import ApiProcess
from tests.dashboard.conftest import ARGUMENTS, CHROMIUM
from tests.factories import claim
from tests.proofs.reports import write_report
from tests.servers import ValkeyServer

REPORT: Final = Path(".trainshed/proofs/heap.json")
MOST_GROWTH: Final = 1.2
_SERIES: Final = ("train/loss", "epoch/loss", "epoch/validation_loss", "epoch/accuracy")
_POINTS: Final = 1_200
"""More of a series than a chart shows; so many have come by the first reading."""
_LINES: Final = 6_000
"""The same for the log."""
_SPEC: Final = {"kind": "command", "name": "long", "command": ["true"]}
_IMPATIENT: Final = """
    const wait = window.setTimeout;
    window.setTimeout = (call, ms, ...rest) => wait(call, Math.min(ms ?? 0, 5), ...rest);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page keeps after a collection of garbage."""

    updates: int
    heap_bytes: int
    nodes: int
    listeners: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What it kept early and late."""

    early: Kept
    late: Kept

    @property
    def ratios(self) -> dict[str, float]:
        """How many times as much it kept late, of each kind."""
        early, late = asdict(self.early), asdict(self.late)
        return {kind: round(late[kind] / early[kind], 3) for kind in ("heap_bytes", "nodes", "listeners")}

    @property
    def holds(self) -> bool:
        return all(ratio <= MOST_GROWTH for ratio in self.ratios.values())


class Watched:
    """A job that runs, and the page of it."""

    def __init__(self, api: ApiProcess, database: Database, context: BrowserContext, *, early: int) -> None:
        """`early`: updates until the first reading."""
        self._points = math.ceil(_POINTS / early)
        self._lines = math.ceil(_LINES / early)
        self._api = api
        self._database = database
        api.http.post("/jobs", json=_SPEC).raise_for_status()
        with database.begin() as conn:
            self._won: Claim = claim(conn)
        self._updates = 0
        self._log_bytes = 0
        self._page: Page = context.new_page()
        self._page.add_init_script(_IMPATIENT)
        self._debugger: CDPSession = context.new_cdp_session(self._page)
        self._debugger.send("HeapProfiler.enable")
        self._debugger.send("Performance.enable")
        self._write()
        self._page.goto(f"/jobs/{self._won.lease.job_id}")
        self._page.locator(".chart canvas").first.wait_for()

    def update(self, *, until: int) -> Kept:
        """Let the job go on until there were so many updates; return what the page keeps then."""
        while self._updates < until:
            # It reads the log last.
            with self._page.expect_response(lambda answer: "/logs?" in answer.url):
                self._write()
                self._nudge()
        return self._kept()

    def _write(self) -> None:
        self._updates += 1
        begin = self._updates * self._points
        steps = range(begin, begin + self._points)
        line = f"\x1b[32mstep {begin}\x1b[0m loss {1 / begin:.6f}\n".encode()
        lines = line * self._lines
        points = [Point(name, step, math.exp(-step / 10_000)) for name in _SERIES for step in steps]
        with self._database.begin() as conn:
            reports.add_points(conn, self._won.lease, points)
            reports.append_log(conn, self._won.lease, start=self._log_bytes, data=lines)
            reports.progress(conn, self._won.lease, {"fraction": 0.5, "step": begin})
        self._log_bytes += len(lines)

    def _nudge(self) -> None:
        """Change nothing, through the API, which looks at a job at once when it was told to change it."""
        answer = self._api.http.patch(f"/jobs/{self._won.lease.job_id}", json={})
        assert answer.status_code == 200, answer.text

    def _kept(self) -> Kept:
        for _ in range(3):
            self._debugger.send("HeapProfiler.collectGarbage")
        found: dict[str, Any] = self._debugger.send("Performance.getMetrics")
        metrics = {metric["name"]: int(metric["value"]) for metric in found["metrics"]}
        heap = metrics["JSHeapUsedSize"]
        return Kept(self._updates, heap, metrics["Nodes"], metrics["JSEventListeners"])


@contextmanager
def watched_job(*, early: int) -> Iterator[Watched]:
    """An API on SQLite, and a browser that is signed in to it. A claimed job is nobody's: no worker, no reconciler."""
    folder = Path(tempfile.mkdtemp(prefix="trainshed-proof-"))
    url = f"sqlite:///{folder / 'trainshed.db'}"
    upgrade(url)
    broker = ValkeyServer(folder / "valkey")
    database = open_database(url)
    api = None
    try:
        broker.start()
        api = ApiProcess(folder, database_url=url, broker_url=broker.url, log_level="WARNING")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            address = f"http://127.0.0.1:{api.port}"
            context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
            context.request.post("/sign-in", form={"key": api.key}, headers={"Origin": address})
            yield Watched(api, database, context, early=early)
            browser.close()
    finally:
        if api is not None:
            api.stop()
        database.close()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def prove(*, early: int, late: int) -> Growth:
    """Read what a page keeps after so many updates, and after so many."""
    with watched_job(early=early) as watched:
        return Growth(watched.update(until=early), watched.update(until=late))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.heap", description=__doc__)
    parser.add_argument("--early", type=int, default=360)
    parser.add_argument("--late", type=int, default=3_600)
    options = parser.parse_args()
    began = time.monotonic()
    growth = prove(early=options.early, late=options.late)
    summary = {**asdict(growth), "ratios": growth.ratios, "wall_s": round(time.monotonic() - began, 1)}
    write_report(REPORT, summary)
    print(json.dumps(summary))
    return 0 if growth.holds else 1


if __name__ == "__main__":
    sys.exit(main())
