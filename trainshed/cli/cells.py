"""One value as a person or a program reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

_STEPS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))


def human(value: Any, *, now: datetime) -> str:
    """Return a short text: times as `3m ago`, nothing as `-`."""
    match value:
        case None | "":
            return "-"
        case datetime():
            return f"{duration((now - value).total_seconds())} ago"
        case float():
            return f"{value:.6g}"
        case _:
            return printable(str(value))


def machine(value: Any) -> str:
    """Return a text for one cell of a TSV line: times in RFC 3339, nothing as nothing."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return printable(str(value))


def local_time(value: datetime) -> str:
    """Return date and time of day where the reader is."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units, for example `3h12m`."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for size, unit in _STEPS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count}{unit}")
    return "".join([*parts, f"{left}s"][:2])


def size(count: int | None) -> str | None:
    """Return bytes as `12 B` or `3.4 MiB`."""
    if count is None:
        return None
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def printable(text: str) -> str:
    """Replace control characters: names come from jobs, and a terminal would obey an escape sequence."""
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text)
