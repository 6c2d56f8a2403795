"""Draws series on a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from trainshed.cli.braille import draw
from trainshed.cli.cells import printable

if TYPE_CHECKING:
    from trainshed.wire import MetricSeries

POINTS: Final = 1_000
"""More than a terminal has columns of dots; the server keeps the peaks when it thins a series out."""
_HEIGHT: Final = 8
_WIDEST: Final = 120


def print_plots(series: Iterable[MetricSeries]) -> None:
    """Print a chart for each series, as wide as the terminal, with its name and its last value above."""
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    for one in series:
        if not one.points:
            continue
        print(printable(f"{one.name}  {one.points[-1].value:.6g}"))
        steps = [point.step for point in one.points]
        for line in draw(steps, [point.value for point in one.points], width=width, height=_HEIGHT):
            print(line)
        print()
