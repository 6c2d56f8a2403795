"""What every format of a table comes to: the names of its columns, and texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

MAX_COLUMNS: Final = 16_384


class Records(NamedTuple):
    """A table that is being read."""

    names: tuple[str, ...]
    """As they are written; "" for a column without one."""
    rows: Iterator[Sequence[str]]
    """Fields are "" where there is no value. A row may still be too short or too long."""
    header: Sequence[str] | None = None
    """The first line, where it was taken for the names; none of it where it was not. None: names cannot be mistaken."""
