"""How jobs and metrics look in a notebook: small tables, and charts as inline SVG.

No script, and all text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from trainshed.wire import Job, MetricSeries

WIDTH: Final = 360
HEIGHT: Final = 90
_PAD: Final = 4
_MOST_POINTS: Final = 400
_COLOURS: Final = {
    "running": "#0b7285",
    "succeeded": "#2b8a3e",
    "failed": "#c92a2a",
    "cancelled": "#b35900",
    "paused": "#862e9c",
}
_LEFT: Final = ' style="text-align:left"'


def job_html(job: Job) -> str:
    """Return a table with what matters of a job."""
    colour = _COLOURS.get(job.state, "#495057")
    state = f'<b style="color:{colour}">{escape(job.state)}</b>'
    rows = [
        ("job", escape(job.id)),
        ("name", f"{escape(job.name)} ({escape(job.kind)})"),
        ("state", f"{state} {escape(job.message or job.reason)}"),
        *((("progress", f"{job.progress.fraction:.0%}"),) if job.progress else ()),
        ("attempts", str(job.attempt)),
        *((("labels", escape(_labels(job))),) if job.labels else ()),
        *((escape(name), f"{value:.6g}") for name, value in sorted(job.latest_metrics.items())),
    ]
    return f"<table>{''.join(_row(name, value) for name, value in rows)}</table>"


def metrics_html(series: Iterable[MetricSeries]) -> str:
    """Return a row for each series: its name, its last, least and greatest value, and its chart."""
    heads = ("series", "points", "last", "least", "greatest", "")
    head = f"<tr>{''.join(f'<th{_LEFT}>{name}</th>' for name in heads)}</tr>"
    return f"<table>{head}{''.join(_series_row(one) for one in series)}</table>"


def chart_svg(steps: Sequence[int], values: Sequence[float]) -> str:
    """Return a line through the points as SVG. Values that are not finite leave a gap."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    pieces = "".join(
        f'<polyline fill="none" stroke="currentColor" points="{" ".join(piece)}"/>'
        for piece in _pieces(_thinned(steps, values), (steps[0], steps[-1]), (low, high))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img"><title>from {low:.6g} to {high:.6g}</title>{pieces}</svg>'
    )


def _labels(job: Job) -> str:
    return ", ".join(f"{key}={value}" for key, value in job.labels.items())


def _row(name: str, value: str) -> str:
    return f"<tr><th{_LEFT}>{name}</th><td{_LEFT}>{value}</td></tr>"


def _series_row(series: MetricSeries) -> str:
    values = [point.value for point in series.points]
    numbers = (values[-1], min(values), max(values)) if values else ()
    chart = chart_svg([point.step for point in series.points], values) if values else ""
    cells: list[Any] = [escape(series.name), len(values), *(f"{number:.6g}" for number in numbers)]
    cells += [""] * (5 - len(cells))
    return f"<tr>{''.join(f'<td{_LEFT}>{cell}</td>' for cell in (*cells, chart))}</tr>"


def _thinned(steps: Sequence[int], values: Sequence[float]) -> list[tuple[int, float]]:
    """Keep the least and the greatest value of each stretch, so that no peak is lost."""
    points = list(zip(steps, values, strict=True))
    if len(points) <= _MOST_POINTS:
        return points
    width = math.ceil(2 * len(points) / _MOST_POINTS)
    kept = [points[0]]
    for start in range(0, len(points), width):
        stretch = points[start : start + width]
        finite = [point for point in stretch if math.isfinite(point[1])]
        kept += sorted({min(finite, key=_value), max(finite, key=_value)}) if finite else stretch[:1]
    return [*kept, points[-1]]


def _value(point: tuple[int, float]) -> float:
    return point[1]


def _pieces(
    points: Iterable[tuple[int, float]], steps: tuple[int, int], values: tuple[float, float]
) -> list[list[str]]:
    pieces: list[list[str]] = [[]]
    for step, value in points:
        if math.isfinite(value):
            x = _placed(step, *steps, WIDTH)
            y = HEIGHT - _placed(value, *values, HEIGHT)
            pieces[-1].append(f"{x:.1f},{y:.1f}")
        else:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _placed(value: float, low: float, high: float, length: int) -> float:
    share = 0.5 if high == low else (value - low) / (high - low)
    return _PAD + share * (length - 2 * _PAD)
