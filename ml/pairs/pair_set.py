"""Pairs of texts in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class PairSet:
    """Checked pairs: no text is empty, and no source is there twice. It is a `Described`."""

    source: str
    """As the spec names it."""
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    names: tuple[str, str]
    """What the two are called, for example of languages."""
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "csv"
    dropped: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[int, ...] | None = None
    """Where each is in the data, ascending. None: all are there."""
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _content_digest(self))

    def __len__(self) -> int:
        return len(self.sources)


def _content_digest(pairs: PairSet) -> str:
    digest = hashlib.sha256(repr(pairs.names).encode())
    for pair in zip(pairs.sources, pairs.targets, strict=True):
        digest.update(repr(pair).encode())
    return digest.hexdigest()
