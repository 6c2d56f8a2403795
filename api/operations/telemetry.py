"""Writes what Prometheus asks for: the counters of this process, and the state of the queues."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

import structlog
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import CollectorRegistry

from api.operations.pool_counts import counted
from api.telemetry import REGISTRY
from db import counters
from db.engine import Database, DatabaseUnavailable
from db.queries import queues

log = structlog.get_logger(__name__)

_FRESH_S: Final = 5.0
"""However many scrape, the database is asked at most once in this time."""


class Telemetry:
    """The page of metrics of one API process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queues: list[Metric] = []
        self._asked_at = float("-inf")
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Return the state of the queues, or that the database does not answer."""
        if time.monotonic() - self._asked_at > _FRESH_S:
            self._queues = self._look()
            self._asked_at = time.monotonic()
        return self._queues

    def page(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(REGISTRY) + generate_latest(self._registry)

    def _look(self) -> list[Metric]:
        up = GaugeMetricFamily("trainshed_database_up", "Whether the database answers.")
        try:
            found = self._ask()
        except DatabaseUnavailable as error:
            log.warning("telemetry.blind", error=str(error))
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *found]

    def _ask(self) -> list[Metric]:
        jobs = GaugeMetricFamily(
            "trainshed_jobs",
            f"Jobs that wait or run. Of those that wait, {queues.MOST_COUNTED} of a pool are counted at most.",
            labels=["pool", "state"],
        )
        oldest = GaugeMetricFamily(
            "trainshed_queue_oldest_seconds", "For how long a queued job could have been claimed.", labels=["pool"]
        )
        workers = GaugeMetricFamily("trainshed_workers", "Workers that are there.", labels=["pool", "state"])
        slots = GaugeMetricFamily("trainshed_slots", "Slots of these workers.", labels=["pool", "state"])
        busy = GaugeMetricFamily("trainshed_slots_busy", "Slots that run a job.", labels=["pool", "state"])
        with self._database.read() as conn:
            for row in queues.queued(conn):
                jobs.add_metric([row.pool, "queued"], row.jobs)
                oldest.add_metric([row.pool], max(0.0, row.oldest_s or 0.0))
            for row in queues.running(conn):
                jobs.add_metric([row.pool, "running"], row.jobs)
            for row in queues.slots(conn):
                workers.add_metric([row.pool, row.state], row.workers)
                slots.add_metric([row.pool, row.state], row.slots)
                busy.add_metric([row.pool, row.state], row.busy)
            counts = counters.by_pool(conn)
        return [jobs, oldest, workers, slots, busy, *counted(counts)]
