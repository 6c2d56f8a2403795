"""What the platform itself counts, from /metrics."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.compose.load import Load
from tests.compose.report import Report
from tests.compose.stack import Stack
from tests.compose.trees import ROOT
from tests.compose.waiting import wait_for

POOL: Final = "cpu"
_SETTLED_WITHIN_S: Final = 30.0
"""A beat, and a page that is fresh."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of /metrics."""

    samples: tuple[Sample, ...]

    @classmethod
    def of(cls, stack: Stack) -> Page:
        text = httpx2.get(f"http://127.0.0.1:{stack.port}/metrics", timeout=10).text
        return cls(tuple(sample for family in text_string_to_metric_families(text) for sample in family.samples))

    @property
    def slots(self) -> int:
        """How many jobs run at once."""
        return int(self.sum("trainshed_slots", state="active"))

    @property
    def to_do(self) -> int:
        """How many jobs wait or run."""
        return int(self.sum("trainshed_jobs"))

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum of the pool's samples that have these labels."""
        wanted = {"pool": POOL, **labels}.items()
        return sum(sample.value for sample in self.samples if sample.name == name and wanted <= sample.labels.items())

    def by(self, label: str, name: str) -> dict[str, int]:
        """Return the pool's samples that are not 0, added up for each value of a label."""
        totals: defaultdict[str, int] = defaultdict(int)
        for sample in self.samples:
            if sample.name == name and sample.labels["pool"] == POOL and sample.value:
                totals[sample.labels[label]] += int(sample.value)
        return dict(totals)


def check_counts(stack: Stack, load: Load, report: Report) -> None:
    """Compare the totals with the attempts themselves, and see that all that is documented is there.

    What `load.uncounted` did last may be missing. Every other worker has counted each attempt, and none twice.
    """
    ended = [attempt for attempt in load.attempts_of(load.all + load.others) if attempt.outcome != "running"]
    most = Counter(str(attempt.outcome) for attempt in ended)
    # The reconciler counts those whose worker cannot.
    sure = [each for each in ended if each.worker not in load.uncounted or each.outcome == "worker_lost"]
    least = Counter(str(attempt.outcome) for attempt in sure)
    page = wait_for("all attempts in /metrics", lambda: _with_attempts(stack, least), _SETTLED_WITHIN_S)
    attempts = page.by("outcome", "trainshed_attempts_total")
    report.figures["ended_attempts"] = dict(most)
    report.figures["counted_attempts"] = attempts
    report.figures["counted_claims"] = page.by("source", "trainshed_claims_total")
    report.figures["counted_fenced_writes"] = int(page.sum("trainshed_fenced_writes_total"))
    report.check(Counter(attempts) <= most, f"/metrics counts more than the attempts that ended: {attempts}")
    report.check(page.to_do == 0, f"/metrics shows {page.to_do} jobs where all have ended")
    documented = re.findall(r"`(trainshed_\w+)\{", (ROOT / "docs" / "operations.md").read_text())
    missing = [name for name in documented if not any(one.name.startswith(name) for one in page.samples)]
    report.check(bool(documented) and not missing, f"not in /metrics, though documented: {missing}")


def _with_attempts(stack: Stack, least: Counter[str]) -> Page | None:
    page = Page.of(stack)
    return page if least <= Counter(page.by("outcome", "trainshed_attempts_total")) else None
