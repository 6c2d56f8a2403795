"""What a run of chaos came to: as JSON for machines, as text and as a page for people."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.chaos.checker import KINDS, Findings
from tests.chaos.client import History
from tests.percentiles import percentile
from tests.proofs.reports import write_report

MOVED_WITHIN_S: Final = 20.0
AGAIN_WITHIN_S: Final = 3.0
START_WITHIN_S: Final = 6.0
ANSWER_WITHIN_S: Final = 8.5


@dataclass(slots=True)
class Figures:
    """Seconds until the next attempt: `moved`, of a worker killed alone; `again`, of a job's process killed."""

    moved: list[float]
    again: list[float]
    start_without_hints_p99_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Round:
    """One database."""

    database: str
    found: Findings
    faults: dict[str, int]
    history: History
    figures: Figures
    failures: list[str]

    @property
    def shortfalls(self) -> list[str]:
        wrong = [f"{count} x {kind}: {self.found.examples[kind]}" for kind, count in self.found.wrong.items() if count]
        late = []
        if max(self.figures.moved) > MOVED_WITHIN_S:
            late.append(f"a killed worker's job ran elsewhere after {max(self.figures.moved):.1f} s")
        if self.figures.again and (p50 := percentile(self.figures.again, 0.5)) > AGAIN_WITHIN_S:
            late.append(f"a killed job ran again after {p50:.1f} s at the median")
        if not self.figures.start_without_hints_p99_s <= START_WITHIN_S:
            late.append(f"without hints 99 of 100 jobs started within {self.figures.start_without_hints_p99_s:.1f} s")
        return [*self.failures, *wrong, *late]

    def document(self) -> dict[str, Any]:
        figures = self.figures
        return {
            "database": self.database,
            "jobs": self.found.jobs,
            "acknowledged": self.found.acknowledged,
            "submits": dict(self.history.outcomes),
            "longest_answer_s": round(self.history.longest_answer_s, 2),
            "answers_5xx": {str(code): count for code, count in self.history.unclear_5xx.items()},
            "faults": sum(self.faults.values()),
            "faults_by_kind": self.faults,
            "attempts": dict(self.found.attempts),
            "wrong": {kind: self.found.wrong.get(kind, 0) for kind in KINDS},
            "worker_killed_to_running_elsewhere_s": _spread(figures.moved),
            "job_killed_to_next_attempt_s": _spread(figures.again),
            "start_with_broker_flushed_p99_s": round(figures.start_without_hints_p99_s, 2),
            "shortfalls": self.shortfalls,
        }

    def text(self) -> str:
        return json.dumps(self.document(), indent=2)


@dataclass(slots=True)
class Report:
    """All rounds of a run."""

    seed: int
    rounds: list[Round] = field(default_factory=list)

    @property
    def shortfalls(self) -> list[str]:
        return [f"{each.database}: {what}" for each in self.rounds for what in each.shortfalls]

    def document(self) -> dict[str, Any]:
        rounds = [each.document() for each in self.rounds]
        return {"passed": not self.shortfalls, "seed": self.seed, "rounds": rounds}

    def write(self, path: Path) -> None:
        write_report(path, self.document())


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    shares = {"p50": 0.5, "p90": 0.9, "max": 1.0}
    return {"n": len(values)} | {name: round(percentile(values, share), 2) for name, share in shares.items()}


_STORY: Final = (
    "What `make chaos` found when it last wrote this page. Two APIs, three workers with two slots, two reconcilers, a",
    "broker and a database run as real processes while the faults below happen to them, one after the other. A client",
    "submits programs and trainings, and sends each again with its Idempotency-Key until an answer is clear. When all",
    "is quiet, every acknowledged job is read back.",
)


def write_page(report: Report, path: Path) -> None:
    """Write docs/chaos.md."""
    lines = [
        "# Chaos",
        "",
        *_STORY,
        "",
        f"Result: **{'nothing fell short' if not report.shortfalls else 'FELL SHORT'}**. Seed {report.seed}.",
        "",
    ]
    for each in report.rounds:
        lines += _section(each)
    path.write_text("\n".join(lines))


def _section(each: Round) -> list[str]:
    shown = each.document()
    rows = [
        ("jobs acknowledged, of them found", f"{shown['acknowledged']}, {shown['jobs']}"),
        ("faults", shown["faults"]),
        *((kind, shown["wrong"][kind]) for kind in KINDS),
        (
            "only a worker killed, to its job elsewhere, s",
            _in_words(shown["worker_killed_to_running_elsewhere_s"]),
        ),
        ("job's process killed to its next attempt, s", _in_words(shown["job_killed_to_next_attempt_s"])),
        ("created to started while the broker is flushed every 5 s, p99, s", shown["start_with_broker_flushed_p99_s"]),
        ("longest wait for an answer or an error, s", shown["longest_answer_s"]),
        ("attempts by outcome", ", ".join(f"{name} {count}" for name, count in sorted(shown["attempts"].items()))),
    ]
    faults = sorted(each.faults.items())
    return [
        f"## {each.database}",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows),
        "",
        "| fault | times |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in faults),
        "",
        *(f"- {what}" for what in each.shortfalls),
        *([""] if each.shortfalls else []),
    ]


def _in_words(spread: dict[str, float] | None) -> str:
    if spread is None:
        return "did not happen"
    return f"median {spread['p50']}, 90 of 100 within {spread['p90']}, longest {spread['max']} ({spread['n']} times)"
