"""What 200 pages that stand open cost while a job trains: memory and CPU of the API, and how much slower the job is.

Half of the pages are of the job, half are lists. All hold their streams. A page that is behind other windows reads
nothing more; in the last of three arms a few are in front, and read whatever the job reports. Those who read share the
machine with the API and the job.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx2

from bench.gates import as_documents, at_most
from bench.open_streams import cpu_s_of, memory_of, opened
from bench.platform import bench_platform
from tests.system.platform import TERMINAL, Platform

PAGES: Final = 200
ROUNDS: Final = 3
MOST_SLOWER: Final = 1.1
"""Gate: how many times as long a training may take beside the open pages. Our own bound."""
MOST_KIB: Final = 100
"""Gate: memory of the API for each open page. Our own bound."""
MOST_CPU: Final = 0.25
"""Gate: CPU seconds a second of the API for the open pages. Our own bound."""
_IN_FRONT: Final = 5
_EVERY_S: Final = 1.0
"""A worker writes what a job reports each second."""
_TRAINING: Final = {
    "kind": "train",
    "name": "watched",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 24, "width": 24}],
    "model": {"family": "image_classifier", "preset": "cnn_small"},
    "training": {"epochs": 12},
    "resources": {"cpus": 1},
}


@dataclass(frozen=True, slots=True)
class Run:
    """One training, and what the API used meanwhile."""

    job_s: float
    api_cpu: float
    """CPU seconds a second."""
    api_mib: float
    """All memory that it had then."""


def measure_open_pages(folder: Path, *, database: str) -> dict[str, Any]:
    """Return what no pages, the streams of pages alone, and some pages in front cost, and which gates were missed."""
    arms = {"no pages": 0, "streams": 0, "in front": _IN_FRONT}
    runs: dict[str, list[Run]] = {arm: [] for arm in arms}
    with bench_platform(folder, database=database, slots=1) as platform:
        _train(platform, pages=0, in_front=0)  # what is fetched and cached once
        for _ in range(ROUNDS):
            for arm, in_front in arms.items():
                runs[arm].append(_train(platform, pages=0 if arm == "no pages" else PAGES, in_front=in_front))
    return _report(database, runs)


def _train(platform: Platform, *, pages: int, in_front: int) -> Run:
    job_id = platform.submit(_TRAINING)
    pid = platform.api.pid
    key = (platform.folder / "admin.key").read_text().strip()
    paths = [f"/live/jobs/{job_id}", "/live/project"] * (pages // 2)
    with ExitStack() as stack:
        stack.enter_context(opened(platform.port, key, paths))
        for _ in range(in_front):
            stack.enter_context(_in_front(platform.port, key, job_id))
        used, began = cpu_s_of(pid), time.monotonic()
        job = _finished(platform, job_id)
        cpu = (cpu_s_of(pid) - used) / (time.monotonic() - began)
        mib = memory_of(pid) / 2**20
    assert job["state"] == "succeeded", job
    began_at, ended_at = (datetime.fromisoformat(job["attempts"][0][name]) for name in ("started_at", "ended_at"))
    return Run((ended_at - began_at).total_seconds(), cpu, mib)


def _finished(platform: Platform, job_id: str) -> dict[str, Any]:
    """Wait without asking again and again, which would cost more than the pages."""
    job: dict[str, Any] = {}
    while not job or job["state"] not in TERMINAL:
        job = platform.http.get(f"/jobs/{job_id}", params={"wait": "30s"}).json()
    return job


@contextmanager
def _in_front(port: int, key: str, job_id: str) -> Iterator[None]:
    """Read what the page of a job reads when there is news, again and again."""
    over = threading.Event()

    def read() -> None:
        api, offset = f"/api/v1/jobs/{job_id}", "0"
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}) as http:
            while not over.wait(_EVERY_S):
                http.get(f"/jobs/{job_id}", headers={"hx-request": "true"}).raise_for_status()
                http.get(f"{api}/metrics", params={"points": 1_000}).raise_for_status()
                log = http.get(f"{api}/logs", params={"attempt": 1, "offset": offset})
                offset = log.headers.get("Trainshed-Log-Next-Offset", offset)

    thread = threading.Thread(target=read, name="page in front")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _report(database: str, runs: dict[str, list[Run]]) -> dict[str, Any]:
    # What others on the machine do only adds to the time of a training. Memory that was taken once is not given back.
    found = {
        arm: {
            "job_s": round(min(run.job_s for run in some), 2),
            "api_cpu_s_per_s": round(median(run.api_cpu for run in some), 4),
            "api_mib": round(max(run.api_mib for run in some), 1),
        }
        for arm, some in runs.items()
    }
    without, streams, in_front = (found[arm] for arm in ("no pages", "streams", "in front"))
    before = runs["no pages"][0].api_mib
    gates = [
        at_most(
            f"a training beside {PAGES} open pages, times as long", streams["job_s"] / without["job_s"], MOST_SLOWER
        ),
        at_most("CPU seconds a second of the API for them", streams["api_cpu_s_per_s"], MOST_CPU),
        at_most("KiB of the API for each", 1024 * (streams["api_mib"] - before) / PAGES, MOST_KIB),
    ]
    print(f"{database}, a training beside {PAGES} open pages, the fastest and medians of {ROUNDS}")
    for arm, costs in found.items():
        print(f"  {arm:10}" + "  ".join(f"{name} {value:9.3f}" for name, value in costs.items()))
    print(f"  with {_IN_FRONT} in front x{in_front['job_s'] / without['job_s']:.2f}")
    for gate in gates:
        print(gate)
    falls_short = [str(gate) for gate in gates if not gate.holds]
    return {**found, "gates": as_documents(gates), "falls_short": falls_short}
