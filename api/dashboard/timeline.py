"""A job's life as stretches of one bar: how long it waited, ran, and waited again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.dashboard.words import duration
from trainshed import wire

WIDTH: Final = 1_000.0
_LEAST: Final = 3.0
"""So wide is the shortest stretch: it is there to be seen."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time that a job spent in one state, without a pause."""

    state: str
    x: float
    width: float
    title: str


def stretches(events: Sequence[wire.Event], *, until: datetime) -> tuple[Stretch, ...]:
    """Return the stretches between the first event and the end of the job, or `until`, within WIDTH."""
    turns = [event for before, event in zip((None, *events), events, strict=False) if _turns(before, event)]
    if not turns:
        return ()
    last = turns[-1]
    ends = [*(event.at for event in turns[1:]), max(until, last.at)]
    lasted = [(end - event.at).total_seconds() for event, end in zip(turns, ends, strict=True)]
    if last.state.is_terminal:
        turns, lasted = turns[:-1], lasted[:-1]
    return _laid_out(turns, lasted)


def _turns(before: wire.Event | None, event: wire.Event) -> bool:
    return before is None or (before.state, before.attempt) != (event.state, event.attempt)


def _laid_out(turns: Sequence[wire.Event], lasted: Sequence[float]) -> tuple[Stretch, ...]:
    spare = WIDTH - _LEAST * len(turns)
    whole = sum(lasted) or 1.0
    x, found = 0.0, []
    for event, seconds in zip(turns, lasted, strict=True):
        width = _LEAST + max(0.0, spare) * seconds / whole
        which = f", attempt {event.attempt}" if event.state == "running" else ""
        found.append(
            Stretch(event.state.value, round(x, 2), round(width, 2), f"{event.state}{which}: {duration(seconds)}")
        )
        x += width
    return tuple(found)
