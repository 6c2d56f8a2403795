"""Picks from the end of a log the few lines that tell why a job failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from trainshed.cli.lines import Lines

MOST_BYTES: Final = 1 << 16
"""How much of the end of a log is looked at."""
_MOST_LINES: Final = 12
_LONGEST: Final = 500
_TRACEBACK: Final = "Traceback (most recent call last)"
_TELLING: Final = re.compile(
    r"error|exception|fatal|panic|killed|failed|cannot|not found|no such|denied|segmentation|out of memory|\bnan\b",
    re.IGNORECASE,
)


def pick_evidence(tail: bytes) -> tuple[str, ...]:
    """Return at most 12 lines: the last Python traceback, else the last lines that name an error, else the last ones.

    `tail` is the end of the log; what a terminal would obey is not in the lines.
    """
    lines = [line[:_LONGEST].rstrip() for line in _lines(tail) if line.strip()]
    start = next((place for place in reversed(range(len(lines))) if _TRACEBACK in lines[place]), None)
    if start is not None:
        return _shortened(_traceback(lines[start:]))
    telling = [line for line in lines if _TELLING.search(line)]
    return tuple((telling or lines)[-_MOST_LINES:])


def _lines(tail: bytes) -> list[str]:
    lines = Lines()
    return [*lines.feed(tail), *lines.rest()]


def _traceback(lines: Sequence[str]) -> Sequence[str]:
    """Cut after the line that names the exception: the first one that is not indented."""
    end = next((place for place, line in enumerate(lines[1:], start=1) if not line.startswith(" ")), len(lines) - 1)
    return lines[: end + 1]


def _shortened(lines: Sequence[str]) -> tuple[str, ...]:
    """Keep the head and the end, where the exception and the place it was raised at are."""
    if len(lines) <= _MOST_LINES:
        return tuple(lines)
    return (lines[0], "  ...", *lines[-(_MOST_LINES - 2) :])
