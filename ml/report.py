"""What a running job tells its supervisor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Report(Protocol):
    """Where a job reports to. Each (series, step) is reported once, and every value is finite."""

    def metric(self, series: str, step: int, value: float) -> None:
        """Take one point of a series, for example `train/loss`."""

    def progress(self, *, fraction: float, epoch: int, epochs: int, step: int, steps: int, eta_s: float | None) -> None:
        """Take how far the job is. `fraction` is from 0 to 1; `step` of `steps` counts over all epochs."""

    def message(self, text: str) -> None:
        """Take one line for people."""

    def begun(self, *, step: int, epoch: int, warnings: Sequence[str]) -> None:
        """Take where training begins: after so many steps and whole epochs of an earlier attempt. Called once, first.

        `warnings` say why the rest may not be what an uninterrupted run would give.
        """

    def saved(self, path: Path, *, step: int) -> None:
        """Take a state that was written whole. All points up to its step have been reported."""


def warn(report: Report, found: Iterable[str]) -> None:
    """Say what was found, a line each."""
    for one in found:
        report.message(f"warning: {one}")


@dataclass(frozen=True, slots=True)
class Progress:
    """One call of `Report.progress`."""

    fraction: float
    epoch: int
    epochs: int
    step: int
    steps: int
    eta_s: float | None


@dataclass(slots=True)
class MemoryReport:
    """A `Report` that keeps what it was told, in order."""

    points: list[tuple[str, int, float]] = field(default_factory=list)
    progressed: list[Progress] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    began: list[tuple[int, int]] = field(default_factory=list)
    """(step, epoch)."""
    warnings: list[str] = field(default_factory=list)
    states: list[tuple[int, Path]] = field(default_factory=list)
    """(step, file)."""

    def metric(self, series: str, step: int, value: float) -> None:
        self.points.append((series, step, value))

    def progress(self, *, fraction: float, epoch: int, epochs: int, step: int, steps: int, eta_s: float | None) -> None:
        self.progressed.append(Progress(fraction, epoch, epochs, step, steps, eta_s))

    def message(self, text: str) -> None:
        self.messages.append(text)

    def begun(self, *, step: int, epoch: int, warnings: Sequence[str]) -> None:
        self.began.append((step, epoch))
        self.warnings.extend(warnings)

    def saved(self, path: Path, *, step: int) -> None:
        self.states.append((step, path))

    def series(self, name: str) -> dict[int, float]:
        """Return the points of one series as `{step: value}`."""
        return {step: value for series, step, value in self.points if series == name}
