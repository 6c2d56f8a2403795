"""A line of a few numbers, as the points of an SVG polyline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

WIDTH: Final = 96
HEIGHT: Final = 24
_MARGIN: Final = 2


def points_of(values: Sequence[float]) -> str:
    """Return `x,y x,y ...` within WIDTH and HEIGHT. Empty when fewer than two of the values are finite."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    across = (WIDTH - 2 * _MARGIN) / (len(finite) - 1)
    up = (HEIGHT - 2 * _MARGIN) / (high - low) if high > low else 0.0
    middle = HEIGHT / 2 if high == low else HEIGHT - _MARGIN
    return " ".join(
        f"{_MARGIN + index * across:.1f},{middle - (value - low) * up:.1f}" for index, value in enumerate(finite)
    )
