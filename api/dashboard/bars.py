"""Jobs that ended, a stacked bar for each minute, as rectangles of an SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from api.operations.overview import MINUTES, Minute

WIDTH: Final = 6 * MINUTES
HEIGHT: Final = 96
_BAR: Final = 5.0
_STATES: Final = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a minute's bar: the jobs that ended in one state."""

    state: str
    x: float
    y: float
    width: float
    height: float
    title: str


def bars_of(minutes: Sequence[Minute]) -> tuple[Bar, ...]:
    """Return the bars of the last minutes, the latest at the right edge, within WIDTH and HEIGHT."""
    most = max((minute.jobs for minute in minutes), default=0)
    first = MINUTES - len(minutes)
    return tuple(bar for place, minute in enumerate(minutes, start=first) for bar in _stack(minute, place, most))


def _stack(minute: Minute, place: int, most: int) -> Iterator[Bar]:
    counts = {state: getattr(minute, state) for state in _STATES}
    title = f"{MINUTES - place} min ago: " + ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    bottom = float(HEIGHT)
    for state, count in counts.items():
        if count:
            height = HEIGHT * count / most
            bottom -= height
            yield Bar(state, place * WIDTH / MINUTES, round(bottom, 2), _BAR, round(height, 2), title)
