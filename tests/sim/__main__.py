"""`python -m tests.sim --seeds 2000`: run so many seeds on all cores, and write down what came of it.

`--first 500` begins there, `--seed 123` runs that one alone. The report says for each piece what it cost, and what the
runs met: it is written when all seeds of a call have passed, and a call that goes on from an earlier one adds to it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from tests.proofs.reports import write_report
from tests.sim.seeds import Run, run_seeds

REPORT: Final = Path(".trainshed/proofs/sim.json")
_MEMORY: Final = Path("/dev/shm")
_PIECE: Final = 25


def main() -> int:
    chosen = _arguments()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    if chosen.seed is not None:
        seeds = range(chosen.seed, chosen.seed + 1)
    pieces = [seeds[start : start + _PIECE] for start in range(0, len(seeds), _PIECE)]
    began = time.monotonic()
    runs: list[Run] = []
    cpu_s = 0.0
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(pieces))) as processes:
        for some, some_cpu_s in processes.map(_run, pieces):
            runs += some
            cpu_s += some_cpu_s
            for run in some:
                if run.violation:
                    print(f"SEED={run.seed}: {run.violation}\n  replay: make sim SEED={run.seed}", flush=True)
    broken = sum(run.violation is not None for run in runs)
    took_s = time.monotonic() - began
    commits = sum(len(run.history) for run in runs)
    print(f"{len(runs)} seeds, {commits} judged commits, {broken} violations, {took_s:.0f} s, {cpu_s:.0f} s of CPU")
    if broken:
        return 1
    if chosen.seed is None:
        _write_down(runs, took_s=took_s, cpu_s=cpu_s)
    return 0


def _arguments() -> Any:
    arguments = argparse.ArgumentParser(prog="python -m tests.sim")
    arguments.add_argument("--seeds", type=int, default=2_000, help="how many seeds")
    arguments.add_argument("--first", type=int, default=0, help="the first one")
    arguments.add_argument("--seed", type=int, help="one seed alone")
    return arguments.parse_args()


def _run(seeds: Sequence[int]) -> tuple[list[Run], float]:
    began = time.process_time()
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        return list(run_seeds(seeds, Path(folder))), time.process_time() - began


def _write_down(runs: Sequence[Run], *, took_s: float, cpu_s: float) -> None:
    first = runs[0].seed
    known = json.loads(REPORT.read_text()) if REPORT.exists() and first else {"seeds": 0}
    if known["seeds"] != first:
        return  # there is a gap between that report and these seeds
    report = {
        "seeds": first + len(runs),
        "violations": 0,
        "judged_commits": known.get("judged_commits", 0) + sum(len(run.history) for run in runs),
        "attempts_that_went_on": known.get("attempts_that_went_on", 0) + sum(run.went_on for run in runs),
        "events_met": sorted(set(known.get("events_met", ())).union(*(run.met for run in runs))),
        "wall_s": round(known.get("wall_s", 0.0) + took_s, 1),
        "cpu_s": round(known.get("cpu_s", 0.0) + cpu_s, 1),
    }
    write_report(REPORT, report)


if __name__ == "__main__":
    sys.exit(main())
