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
from api.operations.pool_gauges import jobs_of, slots_of
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
        with self._database.read() as conn:
            waiting, running, slots = queues.queued(conn), queues.running(conn), queues.slots(conn)
            counts = counters.by_pool(conn)
        pools = {row.pool for row in (*waiting, *running, *slots)} | counts.keys()
        return [*jobs_of(pools, waiting, running), *slots_of(pools, slots), *counted(counts)]
