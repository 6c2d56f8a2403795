"""A line chart of characters: each braille character is a grid of 2 by 4 dots (Unicode block U+2800)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the dot in each row and column of a character."""
_EMPTY: Final = 0x2800
LEAST_WIDTH: Final = 24


def draw(steps: Sequence[int], values: Sequence[float], *, width: int, height: int) -> list[str]:
    """Return `height` + 1 lines of at most `width` characters: the line through the points, with its scales.

    Values that are not finite leave a gap. No lines where no value is finite.
    """
    points = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
    if not points:
        return []
    low, high = min(value for _, value in points), max(value for _, value in points)
    labels = [_label(high), *[""] * (height - 2), _label(low)]
    margin = max(len(label) for label in labels)
    columns = max(1, max(width, LEAST_WIDTH) - margin - 2)
    cells = _cells(steps, values, (low, high), columns=columns, height=height)
    rows = ["".join(chr(_EMPTY + cell) for cell in row) for row in cells]
    chart = [f"{label:>{margin}} {'┤' if label else '│'}{row}" for label, row in zip(labels, rows, strict=True)]
    return [*chart, _foot(steps[0], steps[-1], margin=margin, columns=columns)]


def _cells(
    steps: Sequence[int], values: Sequence[float], scale: tuple[float, float], *, columns: int, height: int
) -> list[list[int]]:
    cells = [[0] * columns for _ in range(height)]
    across, up = 2 * columns - 1, 4 * height - 1
    before: tuple[int, int] | None = None
    for step, value in zip(steps, values, strict=True):
        if not math.isfinite(value):
            before = None
            continue
        dot = (_placed(step, steps[0], steps[-1], across), up - _placed(value, *scale, up))
        for x, y in _between(before or dot, dot):
            cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
        before = dot
    return cells


def _placed(value: float, low: float, high: float, last: int) -> int:
    return round(last / 2 if high == low else (value - low) / (high - low) * last)


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the dots of a straight line, both ends included."""
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for part in range(length + 1):
        share = part / length
        yield round(start[0] + share * (end[0] - start[0])), round(start[1] + share * (end[1] - start[1]))


def _label(value: float) -> str:
    return f"{value:.4g}"


def _foot(first: int, last: int, *, margin: int, columns: int) -> str:
    """Return the scale of the steps: the first one and the last one."""
    ends = f"{first}", f"{last}"
    gap = max(1, columns - len(ends[0]) - len(ends[1]))
    return f"{'':{margin}}  {ends[0]}{' ' * gap}{ends[1]}"
