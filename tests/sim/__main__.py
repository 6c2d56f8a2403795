"""`python -m tests.sim --seeds 2000`: run so many seeds on all cores. `--seed 123`: run that one alone."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from tests.sim.seeds import run_seeds

_MEMORY: Final = Path("/dev/shm")
_PIECE: Final = 25


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.sim")
    arguments.add_argument("--seeds", type=int, default=2_000, help="how many seeds, from 0 on")
    arguments.add_argument("--seed", type=int, help="one seed alone")
    chosen = arguments.parse_args()
    seeds = range(chosen.seeds) if chosen.seed is None else range(chosen.seed, chosen.seed + 1)
    pieces = [seeds[start : start + _PIECE] for start in range(0, len(seeds), _PIECE)]
    began = time.monotonic()
    commits = broken = 0
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(pieces))) as processes:
        for found, count in processes.map(_run, pieces):
            commits += count
            broken += len(found)
            for seed, violation in found:
                print(f"SEED={seed}: {violation}\n  replay: make sim SEED={seed}", flush=True)
    took_s = time.monotonic() - began
    print(f"{len(seeds)} seeds, {commits} judged commits, {broken} violations, {took_s:.0f} s")
    return 1 if broken else 0


def _run(seeds: Sequence[int]) -> tuple[list[tuple[int, str]], int]:
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        runs = list(run_seeds(seeds, Path(folder)))
    return [(run.seed, run.violation) for run in runs if run.violation], sum(len(run.history) for run in runs)


if __name__ == "__main__":
    sys.exit(main())
