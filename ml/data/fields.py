"""What the field of a row says."""

from __future__ import annotations

import math
from typing import Final

_MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


def is_missing(field: str) -> bool:
    """Whether a field says that there is no value."""
    return field.strip().lower() in _MISSING


def as_number(field: str) -> float | None:
    """Return the number that a field holds, which may be infinite, or None."""
    try:
        number = float(field)
    except ValueError:
        return None
    return None if math.isnan(number) or "_" in field else number
