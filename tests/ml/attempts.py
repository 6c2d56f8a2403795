"""A training in several attempts, as a worker makes them: stopped, and gone on from its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ml.errors import Interrupted
from ml.report import MemoryReport
from ml.run import RunSettings, Summary, run
from trainshed.specs import parse_spec

Document = dict[str, Any]


@dataclass
class Attempts:
    """One job: attempts in a row, and the points that are left when each drops what lies beyond its beginning."""

    document: Document
    folder: Path
    settings: RunSettings
    points: dict[tuple[str, int], float] = field(default_factory=dict)
    states: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Summary | None:
        """Run an attempt; None: it was stopped."""
        report = MemoryReport()
        settings = replace(self.settings, states=tuple(reversed(self.states)), should_stop=should_stop)
        try:
            summary = run(parse_spec(self.document), self.folder, report, settings=settings)
        except Interrupted:
            summary = None
        ((step, epoch),) = report.began
        self.points = {
            (series, at): value
            for (series, at), value in self.points.items()
            if at <= (epoch if series.startswith("epoch/") else step)
        }
        self.points.update({(series, at): value for series, at, value in report.points})
        self.states += [path for _, path in report.states]
        self.warnings += report.warnings
        return summary


def after(looks: int) -> Callable[[], bool]:
    """Ask for a stop at the so manyth look."""
    left: Iterator[bool] = iter([False] * (looks - 1) + [True])
    return lambda: next(left)


def told(attempts: Attempts) -> dict[tuple[str, int], float]:
    return {key: value for key, value in attempts.points.items() if key[0] != "epoch/seconds"}
