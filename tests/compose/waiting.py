"""Waits for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

_T = TypeVar("_T")
_LOOK_EVERY_S: Final = 0.2


def wait_for(what: str, look: Callable[[], _T | None], within_s: float) -> _T:
    """Return the first true answer of `look`. One that raises is asked again: parts restart while we look.

    Raises `TimeoutError` with the latest reason.
    """
    deadline = time.monotonic() + within_s
    latest = ""
    while time.monotonic() < deadline:
        try:
            found = look()
        except Exception as error:  # noqa: BLE001 - whatever a part says while it restarts
            found, latest = None, f"; latest: {error}"
        if found:
            return found
        time.sleep(_LOOK_EVERY_S)
    raise TimeoutError(f"{what}: not within {within_s:.0f} s{latest}")
