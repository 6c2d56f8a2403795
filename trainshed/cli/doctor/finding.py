"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """Something will not work as well as it could, or not everything was looked at."""
    FAIL = "fail"
    """Commands will fail because of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    check: str
    health: Health
    detail: str
    remedy: str = ""
    """How to mend it."""


def ok(check: str, detail: str) -> Finding:
    """Nothing to mend."""
    return Finding(check, Health.OK, detail)


def warn(check: str, detail: str, remedy: str) -> Finding:
    """It can be lived with."""
    return Finding(check, Health.WARN, detail, remedy)


def fail(check: str, detail: str, remedy: str) -> Finding:
    """It has to be mended."""
    return Finding(check, Health.FAIL, detail, remedy)
