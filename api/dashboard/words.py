"""How times, sizes and states read on a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup

from trainshed.states import JobState, Reason
from trainshed.yaml_text import write_yaml

_REASONS: Final = {
    Reason.WAITING_FOR_CAPACITY: "waits for a free worker",
    Reason.WAITING_FOR_DEPENDENCY: "waits for another job",
    Reason.HELD: "held by hand",
    Reason.RETRY_BACKOFF: "waits before it is tried again",
    Reason.PREEMPTED: "gave way, and goes on soon",
    Reason.STARTING: "is starting",
    Reason.RUNNING: "is running",
    Reason.CANCELLING: "is being cancelled",
    Reason.PAUSING: "is being paused",
    Reason.PAUSED: "paused by hand",
    Reason.COMPLETED: "completed",
    Reason.CANCELLED_BY_USER: "cancelled by a user",
    Reason.DEPENDENCY_FAILED: "a job it needs has failed",
    Reason.QUEUE_TIMEOUT: "waited too long",
    Reason.USER_ERROR: "its program ended with an error",
    Reason.CRASHED: "was ended by a signal",
    Reason.INVALID_DATA: "its data are not what the spec says",
    Reason.OUT_OF_MEMORY: "ran out of memory",
    Reason.TIMED_OUT: "ran longer than allowed",
    Reason.STALLED: "made no progress",
    Reason.DIVERGED: "the loss is no number any more",
    Reason.WORKER_LOST: "its worker was lost",
    Reason.SETUP_FAILED: "could not be set up",
    Reason.STORAGE_FAILED: "its files could not be stored",
}
_NOTHING: Final = "\N{EN DASH}"
_OBVIOUS: Final = {Reason.COMPLETED, Reason.RUNNING, Reason.CANCELLED_BY_USER, Reason.PAUSED}


def reason(value: str) -> str:
    """Return a reason in words; one that this version does not know as it is."""
    return _REASONS.get(Reason(value), value) if value in set(Reason) else value.replace("_", " ")


def says_more(value: str) -> bool:
    """Whether a reason says what the state alone does not."""
    return value not in _OBVIOUS


def when(moment: datetime | None) -> Markup:
    """Return a time as an element: relative for who reads it, absolute for who points at it. A module keeps it true."""
    if moment is None:
        return Markup('<span class="quiet">{}</span>').format(_NOTHING)
    at = moment.astimezone(UTC)
    relative = _ago((datetime.now(UTC) - at).total_seconds())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="milliseconds"), f"{at:%Y-%m-%d %H:%M:%S} UTC", relative
    )


def _ago(seconds: float) -> str:
    return f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"


def duration(seconds: float | None) -> str:
    """Return a duration as its two largest units at most: 42s, 3m 5s, 2h 10m, 5d 3h."""
    if seconds is None:
        return _NOTHING
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s" if whole >= 10 or seconds == whole else f"{seconds:.1f}s"
    if whole < 3_600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86_400:
        return f"{whole // 3_600}h {whole % 3_600 // 60}m"
    return f"{whole // 86_400}d {whole % 86_400 // 3_600}h"


def size(number: int | None) -> str:
    """Return a number of bytes: 512 B, 1.4 MiB."""
    if number is None:
        return _NOTHING
    value, unit = float(number), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def number(value: float) -> str:
    """Return a measured number with four significant digits."""
    return f"{value:.4g}"


def percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %"


def as_yaml(document: Any) -> str:
    return write_yaml(document, allow_unicode=True, width=100)


def as_json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def is_over(state: JobState) -> bool:
    return state.is_terminal


def label_of(name: str) -> str:
    """Return an identifier as words: `waiting_for_capacity` as `waiting for capacity`."""
    return name.replace("_", " ")


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "reason": reason,
    "says_more": says_more,
    "when": when,
    "duration": duration,
    "size": size,
    "number": number,
    "percent": percent,
    "yaml": as_yaml,
    "pretty_json": as_json,
    "is_over": is_over,
    "words": label_of,
}
