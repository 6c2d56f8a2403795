"""Parts that a table tells itself, and rows of one that are in another, too."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from ml.data.parts import ORDER, PARTS, PartName


class TableParts:
    """Takes a table row by row. It tells nothing once a row has said something that is no part."""

    def __init__(self, column: int | None, label: int) -> None:
        self.column = column
        """The column that tells them. None: there is none."""
        self._label = label
        self._rows: dict[PartName, Counter[bytes]] = {}

    def add(self, row: Sequence[str]) -> None:
        """Take one row in."""
        if self.column is None:
            return
        part = PARTS.get(row[self.column].strip().lower())
        if part is None:
            self.column, self._rows = None, {}
            return
        content = "\0".join(field for place, field in enumerate(row) if place not in (self.column, self._label))
        self._rows.setdefault(part, Counter())[hashlib.blake2b(content.encode(), digest_size=16).digest()] += 1

    @property
    def held_out(self) -> list[str]:
        """The parts that are held out."""
        return [part for part in ORDER[1:] if part in self._rows]

    def rows(self) -> dict[PartName, int]:
        """Return how many rows each part has."""
        return {part: self._rows[part].total() for part in ORDER if part in self._rows}

    def copies(self) -> dict[tuple[str, str], int]:
        """Return for an earlier and a later part how many rows of the later are in the earlier, but for the label."""
        found = {
            (earlier, later): sum(count for row, count in self._rows[later].items() if row in self._rows[earlier])
            for earlier, later in _pairs(self._rows)
        }
        return {pair: count for pair, count in found.items() if count}


def _pairs(parts: dict[PartName, Counter[bytes]]) -> Iterator[tuple[PartName, PartName]]:
    there = [part for part in ORDER if part in parts]
    for place, earlier in enumerate(there):
        for later in there[place + 1 :]:
            yield earlier, later
