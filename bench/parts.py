"""The parts of `make bench`: each measures in a folder of its own, and returns what it found and its gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.epoch import gates_of_epoch, measure_epoch
from bench.gates import Gate, at_least, at_most
from bench.latency import measure_latency
from bench.memory import gates_of_memory, measure_memory
from bench.platform import bench_platform
from bench.throughput import measure_throughput
from bench.w import gates_of_w, measure_w


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    databases: list[str]
    slots: list[int]
    rounds: int
    jobs: int
    arms: list[str] | None


Found = tuple[dict[str, Any], list[Gate]]


def start(folder: Path, options: Options) -> Found:
    """Submit to first line of job code."""
    found, gates = {}, []
    for database in options.databases:
        with bench_platform(folder / database, database=database) as platform:
            found[database] = measure_latency(platform, jobs=options.jobs)
        p50 = found[database]["without exec"]["p50"]
        gates.append(at_most(f"{database}: submit -> running, p50 in ms before exec", p50, 20))
    return found, gates


def empty(folder: Path, options: Options) -> Found:
    """Empty jobs a second."""
    found, gates = {}, []
    for database in options.databases:
        with bench_platform(folder / database, database=database) as platform:
            found[database] = measure_throughput(platform, jobs=4 * options.jobs)
        gates.append(at_least(f"{database}: empty jobs a second at 2 slots", found[database], 40))
    return found, gates


def w(folder: Path, options: Options) -> Found:
    """Workload W."""
    found, gates = {}, []
    for slots in options.slots:
        measured = measure_w(folder / str(slots), slots=slots, rounds=options.rounds, arms=options.arms)
        found[f"slots_{slots}"] = measured
        gates += gates_of_w(measured)
    return found, gates


def epoch(folder: Path, options: Options) -> Found:
    """Epochs of 60,000 images."""
    found = measure_epoch(folder, rounds=options.rounds)
    return found, gates_of_epoch(found)


def memory(folder: Path, options: Options) -> Found:
    """Memory of slots."""
    found = measure_memory(folder)
    return found, gates_of_memory(found)


PARTS: dict[str, Callable[[Path, Options], Found]] = {
    "start": start,
    "empty": empty,
    "w": w,
    "epoch": epoch,
    "memory": memory,
}
