"""What the platform itself counted, from /metrics."""

from __future__ import annotations

from collections import defaultdict

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.compose.report import Report
from tests.compose.stack import Stack


def note_counts(stack: Stack, report: Report) -> None:
    """Note the totals of all pools that are not 0."""
    page = httpx2.get(f"http://127.0.0.1:{stack.port}/metrics", timeout=10).text
    for name, label in (("claims", "source"), ("attempts", "outcome")):
        report.figures[f"counted_{name}"] = _totals(page, f"trainshed_{name}_total", label)
    report.figures["counted_fenced_writes"] = sum(_totals(page, "trainshed_fenced_writes_total", "pool").values())
    report.check(report.figures["counted_claims"] != {}, "no claim was counted")


def _totals(page: str, name: str, label: str) -> dict[str, int]:
    totals: defaultdict[str, int] = defaultdict(int)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == name and sample.value:
                totals[sample.labels[label]] += int(sample.value)
    return dict(totals)
