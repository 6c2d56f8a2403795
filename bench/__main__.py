"""`make bench`: measures on this machine, prints, and writes .trainshed/bench/latest.json.

    submit -> first line of the job's own code, on an idle warm worker, every commit durable, by step
    empty jobs a second through the whole platform

Wall times on a shared machine are noisy: read p50, and compare ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from bench.latency import measure_latency
from bench.platform import bench_platform
from bench.throughput import measure_throughput

RESULTS = Path(".trainshed/bench/latest.json")


def main() -> int:
    options = _parser().parse_args()
    results: dict[str, object] = {}
    for database in options.databases:
        folder = Path(tempfile.mkdtemp(prefix="trainshed-bench-"))
        folder.chmod(0o755)
        try:
            with bench_platform(folder, database=database) as platform:
                results[database] = {
                    "latency_ms": measure_latency(platform, jobs=options.jobs),
                    "empty_jobs_per_s": measure_throughput(platform, jobs=4 * options.jobs),
                }
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {RESULTS}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what Trainshed costs here.")
    parser.add_argument("--jobs", type=int, default=60, help="jobs for the latency (default: 60)")
    parser.add_argument(
        "--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"], metavar="DATABASE"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
