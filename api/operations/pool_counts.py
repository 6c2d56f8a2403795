"""What workers have counted, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from db import counters
from db.counters import Counts
from trainshed.states import AttemptOutcome


def counted(pools: Mapping[str, Counts]) -> Iterator[Metric]:
    """Return a metric for each thing that is counted. One that has not happened is there as 0: it has a rate, too."""
    claims = CounterMetricFamily("trainshed_claims", "Jobs that workers claimed.", labels=["pool", "source"])
    attempts = CounterMetricFamily("trainshed_attempts", "Attempts that ended.", labels=["pool", "outcome"])
    fenced = CounterMetricFamily(
        "trainshed_fenced_writes", "Writes refused because another attempt had taken over.", labels=["pool"]
    )
    starts = HistogramMetricFamily(
        "trainshed_start_latency_seconds", "From claimable to running code, data fetched included.", labels=["pool"]
    )
    for pool, counts in pools.items():
        for source in counters.CLAIM_SOURCES:
            claims.add_metric([pool, source], counts.get(counters.claims_by(source), 0))
        for outcome in frozenset(AttemptOutcome) - {AttemptOutcome.RUNNING}:
            attempts.add_metric([pool, outcome.value], counts.get(counters.attempts_with(outcome), 0))
        fenced.add_metric([pool], counts.get(counters.FENCED_WRITES, 0))
        starts.add_metric([pool], _buckets(counts), sum_value=counts.get(counters.START_SECONDS, 0))
    yield from (claims, attempts, fenced, starts)


def _buckets(counts: Counts) -> list[tuple[str, float]]:
    """Return for each bound how many starts took no longer."""
    each = (counts.get(counters.starts_within(bound), 0) for bound in counters.START_BOUNDS_S)
    bounds = (f"{bound:g}".replace("inf", "+Inf") for bound in counters.START_BOUNDS_S)
    return list(zip(bounds, accumulate(each), strict=True))
