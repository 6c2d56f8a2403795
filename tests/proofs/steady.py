"""`make steady-proof`: ten thousand jobs go through one platform, and nothing of it grows with their number.

After each hundred jobs it is written down what the API, the worker and the reconciler hold: resident memory and file
descriptors, connections to Postgres and keys of the broker. What they hold in the end is compared with what they held
after the first thousand jobs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from db.migrate import upgrade
from tests.proofs.reports import write_report
from tests.servers import PostgresServer, ValkeyServer, wait_until
from tests.system.platform import TERMINAL, Platform

REPORT: Final = Path(".trainshed/proofs/steady.json")
BATCH: Final = 100
GROWTH: Final = 1.05
_WINDOW: Final = 5
"""Samples whose median counts: a collector of garbage makes memory go up and down."""
_CONNECTIONS: Final = 100
"""What the server allows."""
_KEYS: Final = 64
_MORE_DESCRIPTORS: Final = 8
"""A pool opens connections as it needs them, up to its size; what leaks goes beyond this within a hundred jobs."""
_PROGRAM: Final = {"kind": "command", "name": "steady", "command": ["echo", "steady"]}
_TRAINING: Final[Mapping[str, Any]] = {
    "kind": "train",
    "name": "steady",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 18, "width": 18}],
    "model": {"family": "image_classifier", "preset": "cnn_small"},
    "training": {"epochs": 1, "batch_size": 256},
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What is held after so many jobs."""

    jobs: int
    rss_kib: Mapping[str, int]
    descriptors: Mapping[str, int]
    connections: int
    keys: int


class Watch:
    """Looks at the processes of a platform, at its Postgres and at its broker."""

    def __init__(self, platform: Platform, postgres: PostgresServer, broker_url: str) -> None:
        (worker,) = platform.workers
        self._pids = {"api": platform.api.pid, "worker": worker.pid, "reconciler": platform.reconciler.pid}
        self._postgres = psycopg.connect(postgres.url("postgres"), autocommit=True)
        self._broker = redis.Redis.from_url(broker_url)

    def look(self, jobs: int) -> Sample:
        row = self._postgres.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
        assert row is not None
        return Sample(
            jobs,
            {name: _rss_kib(pid) for name, pid in self._pids.items()},
            {name: len(list(Path(f"/proc/{pid}/fd").iterdir())) for name, pid in self._pids.items()},
            row[0],
            int(self._broker.dbsize()),
        )

    def close(self) -> None:
        self._postgres.close()
        self._broker.close()


def stay_steady(folder: Path, *, jobs: int, first: int) -> dict[str, Any]:
    """Run `jobs` jobs, and return what was held after the `first` of them and after all."""
    postgres, valkey = PostgresServer(folder / "postgres"), ValkeyServer(folder / "valkey")
    postgres.start()
    valkey.start()
    platform = Platform(folder / "platform", database_url=postgres.url("postgres"), broker_url=valkey.url)
    try:
        upgrade(postgres.url("postgres"))
        platform.start(slots=2)
        watch = Watch(platform, postgres, valkey.url)
        samples = []
        for done in range(BATCH, jobs + 1, BATCH):
            _run_batch(platform)
            samples.append(watch.look(done))
            if done % 1000 == 0:
                print(samples[-1], flush=True)
        watch.close()
        return _summary(samples, first=first)
    finally:
        platform.stop()
        valkey.stop()
        postgres.stop()


def shortfalls(summary: Mapping[str, Any]) -> list[str]:
    """Return what grew, in words."""
    found = []
    for name, held in summary["processes"].items():
        if held["rss_ratio"] > GROWTH:
            found.append(f"{name}: {held['rss_ratio']:.3f} times the memory")
        if held["descriptors"][1] > held["descriptors"][0] + _MORE_DESCRIPTORS:
            found.append(f"{name}: {held['descriptors'][0]} descriptors became {held['descriptors'][1]}")
    if summary["most_connections"] > _CONNECTIONS:
        found.append(f"{summary['most_connections']} connections")
    if summary["most_broker_keys"] > _KEYS:
        found.append(f"{summary['most_broker_keys']} keys in the broker")
    return found


def _run_batch(platform: Platform) -> None:
    """Programs and one training; then pages are read, as people do."""
    jobs = [platform.submit(_TRAINING), *(platform.submit(_PROGRAM) for _ in range(BATCH - 1))]
    wait_until(lambda: not platform.has_unfinished(), within_s=300, what="the end of a batch")
    assert platform.job(jobs[0])["state"] in TERMINAL
    assert platform.log(jobs[-1]) == "steady\n"
    assert platform.http.get(f"/jobs/{jobs[0]}/metrics").status_code == 200


def _summary(samples: Sequence[Sample], *, first: int) -> dict[str, Any]:
    early = [sample for sample in samples if sample.jobs <= first][-_WINDOW:]
    late = samples[-_WINDOW:]
    return {
        "jobs": samples[-1].jobs,
        "compared_with_after": first,
        "processes": {name: _held(name, early, late) for name in samples[0].rss_kib},
        "most_connections": max(sample.connections for sample in samples),
        "most_broker_keys": max(sample.keys for sample in samples),
    }


def _held(name: str, early: Sequence[Sample], late: Sequence[Sample]) -> dict[str, Any]:
    before, after = (statistics.median(sample.rss_kib[name] for sample in each) for each in (early, late))
    return {
        "rss_mib": [round(before / 1024, 1), round(after / 1024, 1)],
        "rss_ratio": round(after / before, 3),
        "descriptors": [max(sample.descriptors[name] for sample in each) for each in (early, late)],
    }


def _rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.steady", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trainshed-steady-") as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user where we are root
        summary = stay_steady(Path(folder), jobs=options.jobs, first=options.first)
    summary["shortfalls"] = shortfalls(summary)
    write_report(REPORT, summary)
    print(json.dumps(summary, indent=2))
    return bool(summary["shortfalls"])


if __name__ == "__main__":
    sys.exit(main())
