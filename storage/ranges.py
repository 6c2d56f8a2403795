"""Parts of a blob, after RFC 9110 section 14."""

from __future__ import annotations

from trainshed.errors import RangeNotSatisfiable


def check_start(start: int, size: int) -> None:
    """Raises `RangeNotSatisfiable` with the size when no byte lies at `start`."""
    if not 0 <= start < size:
        raise RangeNotSatisfiable(f"byte {start} lies outside of a content of {size} bytes", facts={"size": size})
