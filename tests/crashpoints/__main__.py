"""`python -m tests.crashpoints --seeds 4`: every point of so many runs, times all that may go wrong at it.

A place that none of them reaches is looked for in further ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from tests.crashpoints.points import Case, first_of_each, ground_in
from tests.crashpoints.sites import Site, list_sites
from tests.crashpoints.world import Mode
from tests.proofs.reports import write_report

REPORT: Final = Path(".trainshed/proofs/crashpoints.json")
_MOST_FURTHER: Final = 40
_MEMORY: Final = Path("/dev/shm")


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.crashpoints")
    arguments.add_argument("--seeds", type=int, default=4, help="how many runs are gone through")
    seeds = range(arguments.parse_args().seeds)
    began, cores = time.monotonic(), os.cpu_count() or 1
    cases: list[Case] = []
    cpu_s = 0.0
    with ProcessPoolExecutor(cores) as processes:
        for seed in seeds:
            for some, some_cpu_s in processes.map(partial(_strike_some, seed, cores), range(cores)):
                cases += some
                cpu_s += some_cpu_s
        some, some_cpu_s = processes.submit(_strike_rest, seeds.stop, {case.point.site for case in cases}).result()
        cases += some
        cpu_s += some_cpu_s
    broken = [case for case in cases if case.violation]
    for case in broken:
        site = case.point.site
        print(f"seed {case.seed}, {site.effect} {case.point.number} in {site.where}, {case.mode}: {case.violation}")
    reached = {case.point.site for case in cases}
    unreached = sorted(list_sites() - reached)
    print(f"{len(cases)} faults at {len(reached)} places, {len(broken)} not recovered, {cpu_s:.0f} s of CPU")
    print(*(f"not reached: {site.effect} {site.where}" for site in unreached), sep="\n")
    if broken or unreached:
        return 1
    _write_down(cases, took_s=time.monotonic() - began, cpu_s=cpu_s)
    return 0


def _strike_some(seed: int, cores: int, first: int) -> tuple[list[Case], float]:
    """Take every point whose turn it is in one of `cores` processes."""
    began = time.process_time()
    with (
        tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder,
        ground_in(Path(folder)) as ground,
    ):
        points = ground.points(seed)[first::cores]
        cases = [ground.strike(seed, point, mode) for point in points for mode in Mode]
    return cases, time.process_time() - began


def _strike_rest(after: int, known: set[Site]) -> tuple[list[Case], float]:
    """Take the first point of each place that is not `known` yet."""
    began = time.process_time()
    with (
        tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder,
        ground_in(Path(folder)) as ground,
    ):
        firsts = first_of_each(ground, range(after, after + _MOST_FURTHER), known)
        cases = [ground.strike(seed, point, mode) for seed, point in firsts for mode in Mode]
    return cases, time.process_time() - began


def _write_down(cases: Sequence[Case], *, took_s: float, cpu_s: float) -> None:
    by_place = Counter(f"{case.point.site.effect} {case.point.site.where}" for case in cases)
    report = {
        "faults": len(cases),
        "not_recovered": 0,
        "modes": [mode.value for mode in Mode],
        "faults_by_place": dict(sorted(by_place.items())),
        "wall_s": round(took_s, 1),
        "cpu_s": round(cpu_s, 1),
    }
    write_report(REPORT, report)


if __name__ == "__main__":
    sys.exit(main())
