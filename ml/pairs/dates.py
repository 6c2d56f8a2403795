"""`synthetic/dates`: 6,000 made-up pairs of a date in English words and in French ones. There is one right answer each.

They measure the machinery: a model that has learned how dates are said is right on all of them.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np

from ml.pairs.pair_set import PairSet

SOURCE: Final = "synthetic/dates"
_COUNT: Final = 6000
_SEED: Final = 20
_FIRST: Final = date(1900, 1, 1)
_DAYS: Final = 73_000
_EN_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_FR_MONTHS: Final = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_EN_DAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_FR_DAYS: Final = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]


def load() -> PairSet:
    """Return the pairs, the same ones each time."""
    random = np.random.Generator(np.random.PCG64([_SEED]))
    drawn = random.permutation(_DAYS)[:_COUNT].tolist()
    days = [_FIRST + timedelta(days=days) for days in drawn]
    return PairSet(
        source=SOURCE,
        sources=tuple(english(day) for day in days),
        targets=tuple(french(day) for day in days),
        names=("English", "French"),
        provenance="synthetic: dates drawn and written by Trainshed",
        licence="Apache-2.0, as Trainshed",
        synthetic=True,
        format="builtin",
    )


def english(day: date) -> str:
    """Return for example `Tuesday, March 3, 1925`."""
    return f"{_EN_DAYS[day.weekday()]}, {_EN_MONTHS[day.month - 1]} {day.day}, {day.year}"


def french(day: date) -> str:
    """Return for example `mardi 3 mars 1925`; the first of a month is `1er`."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{_FR_DAYS[day.weekday()]} {number} {_FR_MONTHS[day.month - 1]} {day.year}"
