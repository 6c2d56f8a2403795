"""Finds rows that occur more than once, by 16 bytes of digest a row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

MOST_ROWS: Final = 5_000_000
"""Beyond it the digests alone take up half a gigabyte."""


@dataclass(slots=True)
class Copies:
    """Rows seen so far."""

    duplicates: int = 0
    """Rows with the same content and the same label as an earlier one."""
    contradictions: int = 0
    """Rows with the content of an earlier one, and never before with this label."""
    _contents: set[bytes] = field(default_factory=set)
    _rows: set[bytes] = field(default_factory=set)

    def add(self, content: bytes, label: bytes) -> None:
        """Take one row in."""
        of_content = _digest(content)
        of_row = _digest(of_content + label)
        if of_row in self._rows:
            self.duplicates += 1
        elif of_content in self._contents:
            self.contradictions += 1
        self._contents.add(of_content)
        self._rows.add(of_row)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
