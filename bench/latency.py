"""From the client's send to the first line of the job's own code, and where the time goes."""

from __future__ import annotations

import time
from statistics import median, quantiles
from typing import Any

from tests.system.platform import Platform

# Its own first timestamp: `date` does nothing before it reads the clock.
COMMAND = ["date", "+%s.%N"]
IDLE_S = 0.05

WHOLES = ("whole", "without exec")
STEPS = ("request", "commit", "hint", "claim", "fork", "sandbox", "exec")


def measure_latency(platform: Platform, *, jobs: int) -> dict[str, dict[str, float]]:
    """Submit one job at a time to an idle worker; return p50 and p99 in milliseconds, whole and by step."""
    samples = [_one(platform) for _ in range(jobs)]
    by_hint = [sample for sample in samples if sample.pop("by_hint")]
    summary = {step: _percentiles([1000 * sample[step] for sample in by_hint]) for step in (*WHOLES, *STEPS)}
    _print(summary, jobs=jobs, by_hint=len(by_hint))
    return summary


def _one(platform: Platform) -> dict[str, Any]:
    time.sleep(IDLE_S)
    sent = time.time()
    answer = platform.http.post("/jobs", json={"kind": "command", "name": "bench", "command": COMMAND})
    job_id = answer.json()["id"]
    commit = float(answer.headers["Server-Timing"].partition("dur=")[2]) / 1000
    job = platform.wait(job_id)
    first_line = float(platform.log(job_id))
    facts = job["attempts"][0]["facts"]
    at = facts["timeline"]
    return {
        "by_hint": facts["noticed_by"] == "hint",
        "whole": first_line - sent,
        "without exec": at["sandboxed"] - sent,
        "request": at["queued"] - sent,
        "commit": commit,
        "hint": at["noticed"] - at["queued"] - commit,
        "claim": at["launching"] - at["noticed"],
        "fork": at["forked"] - at["launching"],
        "sandbox": at["sandboxed"] - at["forked"],
        "exec": first_line - at["sandboxed"],
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    return {"p50": round(median(values), 2), "p99": round(quantiles(values, n=100, method="inclusive")[98], 2)}


def _print(summary: dict[str, dict[str, float]], *, jobs: int, by_hint: int) -> None:
    print(f"submit -> first line of job code, {jobs} jobs, {by_hint} noticed by a hint, milliseconds")
    for name, row in summary.items():
        share = f"{row['p50'] / summary['whole']['p50']:6.0%}" if name in STEPS else ""
        print(f"  {name:16} p50 {row['p50']:8.2f}  p99 {row['p99']:8.2f} {share}")
