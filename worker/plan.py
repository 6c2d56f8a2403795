"""What a worker will be, decided before anything is started."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass
from typing import Final

from worker.launch.sandbox import SandboxLevel, probe
from worker.machine import available_cpus, available_memory, default_slots
from worker.settings import WorkerSettings

_REPORTED: Final = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """Slots, what they share, and how jobs are isolated."""

    slots: int
    cpus: float
    memory_bytes: int
    level: SandboxLevel
    runs_commands: bool
    versions: dict[str, str]


def slots_of(settings: WorkerSettings) -> int:
    """Return how many jobs at once, as the operator said or as the machine suggests."""
    return settings.slots or default_slots(_cpus(settings), _memory(settings))


def plan_worker(settings: WorkerSettings) -> WorkerPlan:
    """Fill in what the operator left open."""
    level = probe()
    return WorkerPlan(
        slots=slots_of(settings),
        cpus=_cpus(settings),
        memory_bytes=_memory(settings),
        level=level,
        runs_commands=level.hides_files or settings.allow_unisolated,
        versions=_versions(),
    )


def _cpus(settings: WorkerSettings) -> float:
    return settings.cpus or available_cpus()


def _memory(settings: WorkerSettings) -> int:
    return settings.memory_bytes or available_memory()


def _versions() -> dict[str, str]:
    """Ask the installed packages, not the imported ones: this process never imports TensorFlow."""
    found = {"python": platform.python_version()}
    for name in _REPORTED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
