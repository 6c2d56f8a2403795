"""What the API counts of itself, for Prometheus: requests and their duration by operation, open streams.

Names follow the conventions of Prometheus: base units, `_total`, `_seconds`. No label names a job, a project or a key.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()
_REQUESTS: Final = Counter(
    "trainshed_api_requests", "Requests by operation and status.", ["operation", "status"], registry=REGISTRY
)
_DURATION: Final = Histogram(
    "trainshed_api_request_duration_seconds",
    "Time to the end of the answer, by operation. Streams and long polls are in it.",
    ["operation"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
_IN_FLIGHT: Final = Gauge("trainshed_api_requests_in_flight", "Requests without a whole answer.", registry=REGISTRY)
_UNKNOWN: Final = "none"


class _Operation:
    """The counters of one operation, looked up once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._duration = _DURATION.labels(name)
        self._by_status: dict[int, Counter] = {}

    def count(self, status: int, duration_s: float) -> None:
        counter = self._by_status.get(status)
        if counter is None:
            counter = self._by_status[status] = _REQUESTS.labels(self._name, str(status))
        counter.inc()
        self._duration.observe(duration_s)


_operations: dict[str, _Operation] = {}


def began() -> None:
    """Count a request that has come in."""
    _IN_FLIGHT.inc()


def ended(operation: str | None, status: int | None, duration_s: float) -> None:
    """Count a request that was answered, or (status None) was not. `operation` is None where no route took it."""
    _IN_FLIGHT.dec()
    name = operation or _UNKNOWN
    known = _operations.get(name)
    if known is None:
        known = _operations[name] = _Operation(name)
    known.count(status or 0, duration_s)
