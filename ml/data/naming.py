"""Which column of a table is meant."""

from __future__ import annotations

from collections.abc import Sequence


def place_of(names: Sequence[str], named: str | None, usual: Sequence[str]) -> int | None:
    """Return the place of the column that is named, which must be there, or of the first usual one; None: neither.

    Usual names are in lower case.
    """
    if named is not None:
        return names.index(named)
    lower = [name.lower() for name in names]
    return next((lower.index(name) for name in usual if name in lower), None)
