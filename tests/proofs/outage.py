"""A database that is frozen in the middle of trainings: none of them begins again, and no number is missing.

python -m tests.proofs.outage --seconds 300
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from db.migrate import upgrade
from tests.servers import PostgresServer, ValkeyServer, wait_until
from tests.system.platform import Platform

TRAINING: dict[str, Any] = {
    "kind": "train",
    "name": "outlives",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 18, "width": 18}],
    "model": {"family": "image_classifier", "preset": "cnn_small"},
    "training": {"epochs": 100_000, "batch_size": 256, "report_every_steps": 1},
    "resources": {"cpus": 1},
}
_SINCE_S = 30.0
"""For so long everything is watched when the database is back: a reaper that is in haste would have reaped by then."""


def outlive(folder: Path, *, frozen_s: float, watched_s: float = _SINCE_S) -> list[str]:
    """Freeze Postgres under two trainings, thaw it, and return what is wrong afterwards."""
    postgres, valkey = PostgresServer(folder / "postgres"), ValkeyServer(folder / "valkey")
    postgres.start()
    valkey.start()
    platform = Platform(folder / "platform", database_url=postgres.url("postgres"), broker_url=valkey.url)
    try:
        upgrade(postgres.url("postgres"))
        platform.start(workers=2, slots=1)
        jobs = [platform.submit(TRAINING) for _ in range(2)]
        wait_until(lambda: all(_steps(platform, job) for job in jobs), within_s=60, what="first points of both")
        attempts = [len(platform.job(job)["attempts"]) for job in jobs]
        postgres.freeze()
        time.sleep(frozen_s)
        postgres.thaw()
        time.sleep(watched_s)
        return [wrong for job, count in zip(jobs, attempts, strict=True) for wrong in _wrongs(platform, job, count)]
    finally:
        platform.stop()
        valkey.stop()
        postgres.stop()


def _wrongs(platform: Platform, job_id: str, attempts: int) -> list[str]:
    job = platform.job(job_id)
    found = []
    if job["state"] != "running" or len(job["attempts"]) != attempts:
        outcomes = [(attempt["outcome"], attempt["message"]) for attempt in job["attempts"]]
        found.append(f"{job_id} is {job['state']} after {outcomes}")
    steps = _steps(platform, job_id)
    if steps != list(range(1, len(steps) + 1)):
        found.append(f"{job_id} has points of {len(steps)} steps, the last of them {steps[-1] if steps else None}")
    return found


def _steps(platform: Platform, job_id: str) -> list[int]:
    """Return the steps that have a training loss, all pages of them."""
    found: list[int] = []
    while True:
        since = {"since_step": found[-1] + 1} if found else {}
        answer = platform.http.get(f"/jobs/{job_id}/metrics", params={"series": "train/loss", **since}).json()
        page = [point["step"] for series in answer["series"] for point in series["points"]]
        if not page:
            return found
        found += page


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.outage")
    parser.add_argument("--seconds", type=float, default=300.0, help="for how long Postgres is frozen (default: 300)")
    frozen_s = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="trainshed-outage-") as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user where we are root
        wrongs = outlive(Path(folder), frozen_s=frozen_s)
    print("\n".join(wrongs) or f"two trainings went on through {frozen_s:g} s without a database, every step reported")
    return bool(wrongs)


if __name__ == "__main__":
    sys.exit(main())
