"""Reads series of numbers to their end, however many answers that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trainshed.client.transport import Transport
from trainshed.wire import Metrics, MetricSeries

_POINTS: Final = 10_000


def read_series(
    transport: Transport, job: str, names: Sequence[str], *, since_step: int | None, points: int | None
) -> tuple[MetricSeries, ...]:
    """Return the named series of the job at the address `job`, or all. `points`: thinned out by the server."""
    if points is not None:
        params = {"series": names or None, "since_step": since_step, "points": points}
        return transport.get(f"{job}/metrics", Metrics, params=params).series
    begun = _points(transport, job, names, since_step)
    return tuple(_whole(transport, job, one) for one in begun)


def _whole(transport: Transport, job: str, begun: MetricSeries) -> MetricSeries:
    """Return the series with what did not fit in one answer."""
    points, latest = list(begun.points), begun.points
    while len(latest) == _POINTS:
        more = _points(transport, job, [begun.name], latest[-1].step + 1)
        latest = more[0].points if more else ()
        points.extend(latest)
    return MetricSeries(name=begun.name, points=tuple(points))


def _points(transport: Transport, job: str, names: Sequence[str], since_step: int | None) -> tuple[MetricSeries, ...]:
    params = {"series": names or None, "since_step": since_step, "limit": _POINTS}
    return transport.get(f"{job}/metrics", Metrics, params=params).series
