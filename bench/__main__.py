"""`make bench`: measures on this machine, prints, and writes .trainshed/bench/latest.json.

    submit -> first line of the job's own code, on an idle warm worker, every commit durable, by step
    empty jobs a second through the whole platform

`python -m bench streams` measures open streams instead, and writes .trainshed/bench/streams.json;
`python -m bench control-plane` reads, submits and batches beside bare FastAPI routes, and writes control-plane.json;
`python -m bench pages` pages of a million jobs, and what the reconciler asks of them, and writes pages.json.

Wall times on a shared machine are noisy: read p50, and compare ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.control_plane import measure_control_plane
from bench.latency import measure_latency
from bench.pages import measure_pages
from bench.platform import bench_platform
from bench.streams import measure_streams
from bench.throughput import measure_throughput

FOLDER = Path(".trainshed/bench")


def main() -> int:
    options = _parser().parse_args()
    if options.what == "streams":
        return _measure("streams", options.databases, measure_streams)
    if options.what == "control-plane":
        return _measure("control-plane", options.databases, measure_control_plane)
    if options.what == "pages":
        return _measure("pages", options.databases, measure_pages)

    def platform(folder: Path, *, database: str) -> dict[str, Any]:
        with bench_platform(folder, database=database) as started:
            return {
                "latency_ms": measure_latency(started, jobs=options.jobs),
                "empty_jobs_per_s": measure_throughput(started, jobs=4 * options.jobs),
            }

    return _measure("latest", options.databases, platform)


def _measure(name: str, databases: list[str], measure: Callable[..., dict[str, Any]]) -> int:
    """Measure on each database in a folder of its own, and write down what was found. 1: a gate was not reached."""
    results: dict[str, dict[str, Any]] = {}
    for database in databases:
        folder = Path(tempfile.mkdtemp(prefix="trainshed-bench-"))
        folder.chmod(0o755)
        try:
            results[database] = measure(folder, database=database)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {path}")
    return 1 if any(found.get("falls_short") for found in results.values()) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what Trainshed costs here.")
    parser.add_argument(
        "what",
        nargs="?",
        default="platform",
        choices=["platform", "streams", "control-plane", "pages"],
        help="default: platform",
    )
    parser.add_argument("--jobs", type=int, default=60, help="jobs for the latency (default: 60)")
    parser.add_argument(
        "--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"], metavar="DATABASE"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
