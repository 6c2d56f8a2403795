"""`make bench`: measures on this machine, prints, and writes .trainshed/bench/latest.json.

    start    submit -> first line of the job's own code, on an idle warm worker, every commit durable, by step
    empty    empty jobs a second through the whole platform
    w        a sweep of small trainings, against what a user would do instead, with 1 and 2 slots
    epoch    one epoch of 60,000 images, against hand-written Keras
    memory   resident memory of idle and busy slots

`--only PART` picks parts. It exits with 1 when a gate fails. `make bench-peers` installs those to compare with that are
no part of Trainshed.

`python -m bench streams` measures open streams instead, and writes .trainshed/bench/streams.json;
`python -m bench control-plane` reads, submits and batches beside bare FastAPI routes, and writes control-plane.json;
`python -m bench pages` pages of a million jobs, and what the reconciler asks of them, and writes pages.json;
`python -m bench chart` the data of a chart of a million points, and writes chart.json;
`python -m bench million` the dashboard's pages over a million jobs and a million points, and writes million.json.

Wall times on a shared machine are noisy: read medians, and compare ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.chart import measure_chart
from bench.control_plane import measure_control_plane
from bench.gates import Gate, as_documents
from bench.million import measure_million
from bench.pages import measure_pages
from bench.parts import PARTS, Options
from bench.streams import measure_streams

FOLDER = Path(".trainshed/bench")
OTHERS: dict[str, Callable[..., dict[str, Any]]] = {
    "streams": measure_streams,
    "control-plane": measure_control_plane,
    "pages": measure_pages,
    "chart": measure_chart,
    "million": measure_million,
}
"""Measured apart, on each database, with a file of results each."""


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is stopped on the way out
    if options.what in OTHERS:
        return _measure(options.what, options.databases, OTHERS[options.what])
    return _bench(
        options.only or list(PARTS),
        Options(options.databases, options.slots, options.rounds, options.jobs, options.arms),
    )


def _bench(parts: list[str], options: Options) -> int:
    """Measure the parts. Returns 1 when a gate fails."""
    results: dict[str, Any] = {}
    gates: list[Gate] = []
    for name in parts:
        found, held = _in_folder(lambda folder, part=PARTS[name]: part(folder, options))
        results[name] = found
        gates += held
    print("\ngates")
    for gate in gates:
        print(gate)
    load = [round(value, 1) for value in os.getloadavg()]
    _write("latest", {"cpus": os.cpu_count(), "load_average": load, **results, "gates": as_documents(gates)})
    return 1 if any(gate.holds is False for gate in gates) else 0


def _measure(name: str, databases: list[str], measure: Callable[..., dict[str, Any]]) -> int:
    """Measure on each database in a folder of its own, and write down what was found. 1: a gate was not reached."""
    results = {one: _in_folder(lambda folder, one=one: measure(folder, database=one)) for one in databases}
    _write(name, results)
    return 1 if any(found.get("falls_short") for found in results.values()) else 0


def _in_folder(measure: Callable[[Path], Any]) -> Any:
    folder = Path(tempfile.mkdtemp(prefix="trainshed-bench-"))
    folder.chmod(0o755)
    try:
        return measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(name: str, results: dict[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what Trainshed costs here.")
    parser.add_argument(
        "what",
        nargs="?",
        default="platform",
        choices=["platform", *OTHERS],
        help="default: platform",
    )
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of `w` and `epoch` (default: 3)")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2], help="slots for `w` (default: 1 2)")
    parser.add_argument("--arms", nargs="+", metavar="ARM", help="of `w`; default: all that are installed")
    parser.add_argument("--jobs", type=int, default=60, help="jobs for the latency (default: 60)")
    parser.add_argument(
        "--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"], metavar="DATABASE"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
