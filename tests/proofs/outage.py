"""`make outage-proof`: a database goes away under trainings. None of them begins again, and no number is missing.

It is frozen for five minutes, comes back, and is then stopped for five minutes, as for an upgrade.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from db.migrate import upgrade
from tests.proofs.reports import write_report
from tests.servers import PostgresServer, ValkeyServer, wait_until
from tests.system.platform import Platform

REPORT: Final = Path(".trainshed/proofs/outage.json")
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


AWAY: Final = {
    "frozen": (PostgresServer.freeze, PostgresServer.thaw),
    "stopped": (PostgresServer.stop, PostgresServer.start),
}
"""How a database goes away, and how it comes back."""


def outlive(
    folder: Path, *, away: Sequence[str] = tuple(AWAY), away_s: float, watched_s: float = _SINCE_S
) -> dict[str, Any]:
    """Let Postgres be away under two trainings in each way, and return how many steps they told, and what is wrong."""
    with _on_postgres(folder) as (platform, postgres):
        jobs = [platform.submit(TRAINING) for _ in range(2)]
        wait_until(lambda: all(_steps(platform, job) for job in jobs), within_s=60, what="first points of both")
        attempts = [len(platform.job(job)["attempts"]) for job in jobs]
        for name in away:
            leave, come_back = AWAY[name]
            leave(postgres)
            time.sleep(away_s)
            come_back(postgres)
            time.sleep(watched_s)
        return {
            "away": list(away),
            "away_s": away_s,
            "steps": [len(_steps(platform, job)) for job in jobs],
            "wrong": [
                wrong for job, count in zip(jobs, attempts, strict=True) for wrong in _wrongs(platform, job, count)
            ],
        }


@contextmanager
def _on_postgres(folder: Path) -> Iterator[tuple[Platform, PostgresServer]]:
    postgres, valkey = PostgresServer(folder / "postgres", durable=True), ValkeyServer(folder / "valkey")
    postgres.start()
    valkey.start()
    platform = Platform(folder / "platform", database_url=postgres.url("postgres"), broker_url=valkey.url)
    try:
        upgrade(postgres.url("postgres"))
        platform.start(workers=2, slots=1)
        yield platform, postgres
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
        answer = platform.http.get(f"/jobs/{job_id}/metrics", params={"series": "train/loss", **since})
        assert answer.status_code == 200, answer.text
        page = [point["step"] for series in answer.json()["series"] for point in series["points"]]
        if not page:
            return found
        found += page


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="of each way to be away (default: 300)")
    away_s = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="trainshed-outage-") as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user where we are root
        found = outlive(Path(folder), away_s=away_s)
    write_report(REPORT, found)
    print(json.dumps(found, indent=2))
    return bool(found["wrong"])


if __name__ == "__main__":
    sys.exit(main())
