"""Reads the `profile.json` that a profile job left in its output folder.

The folder belongs to the job, which has read a stranger's file: a link is not followed, and what is too large, too deep
or no plain JSON is not taken. So whatever is in it, it can be stored and shown.
"""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, Final

_NAME: Final = "profile.json"
MOST_BYTES: Final = 1 << 18
_DEEPEST: Final = 16
_LARGEST: Final = 2**63
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class BadProfile(Exception):
    """There is no profile that could be kept."""


def read_profile(output: Path) -> dict[str, Any]:
    """Return the content. Raises `BadProfile`."""
    try:
        document = json.loads(_content(output), parse_constant=_refuse)
    except OSError as error:
        raise BadProfile(f"it cannot be opened: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadProfile(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadProfile("it is no JSON object")
    _check(document, depth=0)
    return document


def kept_profile(output: Path, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Return the content; None where there is none that could be kept, and `facts` say why."""
    try:
        return read_profile(output)
    except BadProfile as error:
        facts["profile_left_out"] = str(error)
        return None


def _content(output: Path) -> bytes:
    descriptor = os.open(output / _NAME, _READ)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - takes a descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadProfile("it is no plain file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadProfile(f"it has more than {MOST_BYTES} bytes")
    return content


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _check(value: Any, *, depth: int) -> None:
    """Refuse what one of the databases, or a JSON answer, could not take."""
    if depth > _DEEPEST:
        raise BadProfile(f"it is nested deeper than {_DEEPEST} levels")
    match value:
        case dict():
            for key, each in value.items():
                _check(key, depth=depth + 1)
                _check(each, depth=depth + 1)
        case list():
            for each in value:
                _check(each, depth=depth + 1)
        case str():
            if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
                raise BadProfile("a text in it has half a surrogate pair or a NUL")
        case int() | float():
            if not (math.isfinite(value) if isinstance(value, float) else -_LARGEST <= value < _LARGEST):
                raise BadProfile("a number in it is too large")
