"""Which column of a table is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

NO_NAMES: Final = "Where the first line is no line of names, give these with data.columns.names."
"""What may be to do where a column is not found."""


def place_of(names: Sequence[str], named: str | None, usual: Sequence[str]) -> int | None:
    """Return the place of the column that is named, which must be there, or of the first usual one; None: neither.

    Usual names are `bare`.
    """
    if named is not None:
        return names.index(named)
    found = [bare(name) for name in names]
    return next((found.index(name) for name in usual if name in found), None)


def bare(name: str) -> str:
    """Return a name in lower case, without what people put between its words."""
    return "".join(letter for letter in name.lower() if letter not in " _-.")
