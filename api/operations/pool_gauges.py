"""What waits, runs and could run in each pool now, as Prometheus reads it.

A pool that is known shows a 0 where it has nothing. A series that ended would look to a scaler like a scrape that
failed, and it would keep the workers of a pool in which all work is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import Row

from db.queries import queues

_STATES: Final = ("active", "draining")
"""Of workers that are there."""


def jobs_of(pools: Collection[str], waiting: Sequence[Row[Any]], running: Sequence[Row[Any]]) -> Iterator[Metric]:
    """Return the jobs that wait and run, from `queues.queued` and `queues.running`."""
    jobs = GaugeMetricFamily(
        "trainshed_jobs",
        f"Jobs that wait or run. Of those that wait, {queues.MOST_COUNTED} of a pool are counted at most.",
        labels=["pool", "state"],
    )
    oldest = GaugeMetricFamily(
        "trainshed_queue_oldest_seconds", "For how long a queued job could have been claimed.", labels=["pool"]
    )
    queued = {row.pool: row for row in waiting}
    busy = {row.pool: row.jobs for row in running}
    for pool in sorted(pools):
        next_up = queued.get(pool)
        jobs.add_metric([pool, "queued"], next_up.jobs if next_up else 0)
        jobs.add_metric([pool, "running"], busy.get(pool, 0))
        oldest.add_metric([pool], max(0.0, next_up.oldest_s or 0.0) if next_up else 0.0)
    yield from (jobs, oldest)


def slots_of(pools: Collection[str], rows: Sequence[Row[Any]]) -> Iterator[Metric]:
    """Return the workers that are there and what they have, from `queues.slots`."""
    workers = GaugeMetricFamily("trainshed_workers", "Workers that are there.", labels=["pool", "state"])
    slots = GaugeMetricFamily("trainshed_slots", "Slots of these workers.", labels=["pool", "state"])
    busy = GaugeMetricFamily("trainshed_slots_busy", "Slots that run a job.", labels=["pool", "state"])
    found = {(row.pool, row.state): row for row in rows}
    for pool in sorted(pools):
        for state in _STATES:
            row = found.get((pool, state))
            workers.add_metric([pool, state], row.workers if row else 0)
            slots.add_metric([pool, state], row.slots if row else 0)
            busy.add_metric([pool, state], row.busy if row else 0)
    yield from (workers, slots, busy)
