"""Times and lengths of time as they are typed: `90s`, `1h30m`, `2d`, `2026-11-23`, `2026-11-23T12:00:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import typer

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
"""As in a spec (`trainshed.specs.base`, which takes 0.2 s to load)."""


def seconds(text: str) -> float:
    """Read `90`, `90s`, `10m` or `1h30m`. Raises a usage error."""
    if text.isascii() and text.isdigit():
        return float(text)
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        raise typer.BadParameter(f"{text!r} is not a length of time; write for example 90s, 15m, 1h30m or 2d")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def moment(text: str) -> datetime:
    """Read a point in time: so long ago (`1h`), or a date or time, local where it names no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _ago(text)
    return at if at.tzinfo else at.astimezone()


def _ago(text: str) -> datetime:
    try:
        return datetime.now(UTC) - timedelta(seconds=seconds(text))
    except (OverflowError, typer.BadParameter) as error:
        raise typer.BadParameter(
            f"{text!r} is neither a length of time, like 1h or 2d, nor a time, like 2026-11-23T12:00:00Z"
        ) from error
