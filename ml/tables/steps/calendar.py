"""`calendar`: what the calendar says of dates and times."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

import numpy as np

from ml.errors import InvalidData
from ml.tables.frame import Frame
from ml.tables.steps.fitted import Fitted
from ml.tables.steps.moments import distinct_moments
from ml.tables.table import Column, Numbers
from trainshed.specs import Calendar
from trainshed.specs.table_steps import CalendarPart

_PARTS: Final[dict[CalendarPart, Callable[[datetime], float]]] = {
    "year": lambda at: at.year,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "weekday": lambda at: at.weekday(),
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "day_of_year": lambda at: at.timetuple().tm_yday,
    "weekend": lambda at: float(at.weekday() >= 5),
}
_ROUNDS: Final[dict[CalendarPart, tuple[float, float]]] = {
    "month": (1, 12),
    "day": (1, 31),
    "weekday": (0, 7),
    "hour": (0, 24),
    "minute": (0, 60),
    "day_of_year": (1, 366),
}
"""Where each part begins, and after how much it begins again."""


class CalendarParts(Fitted):
    """Replaces columns by parts of their dates."""

    step: Literal["calendar"] = "calendar"
    columns: tuple[str, ...]
    parts: tuple[CalendarPart, ...]
    circle: bool

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({name: self._parts(frame.any(name)) for name in self.columns})

    def _parts(self, column: Column) -> list[Column]:
        moments, codes = distinct_moments(column)
        made: list[Column] = []
        for part in self.parts:
            said = np.array([np.nan if at is None else _PARTS[part](at) for at in moments])[codes]
            made += self._columns(f"{column.name} {part}", part, said)
        return made

    def _columns(
        self, name: str, part: CalendarPart, said: np.ndarray[tuple[int], np.dtype[np.float64]]
    ) -> list[Column]:
        if not self.circle or part not in _ROUNDS:
            return [Numbers(name, said)]
        begin, length = _ROUNDS[part]
        angle = (said - begin) * (2 * math.pi / length)
        return [Numbers(f"{name} sine", np.sin(angle)), Numbers(f"{name} cosine", np.cos(angle))]


def fit_calendar(step: Calendar, frame: Frame) -> CalendarParts:
    """Take the columns over. Raises `InvalidData` for one that holds no date in the train part."""
    for name in step.columns:
        moments, codes = distinct_moments(frame.any(name))
        if all(moments[code] is None for code in np.unique(codes)):
            raise InvalidData(
                f"{frame.source}: {name} holds no date or time in the train part, and the step calendar names it.",
                remedy="Write dates as 2024-12-31 or 2024-12-31T23:59:00, or as seconds since 1970.",
                path=frame.source,
                field=name,
            )
    return CalendarParts(columns=step.columns, parts=step.parts, circle=step.circle)
