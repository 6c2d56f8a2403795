"""Series in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series, in the order of time."""

    name: str
    times: npt.NDArray[np.float64]
    """Shape (n,), ascending, none twice: seconds since 1970, or what numbers the data has."""
    values: npt.NDArray[np.float64]
    """Shape (n,), finite."""
    rows: npt.NDArray[np.int64]
    """Shape (n,): where each is in the data, from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesSet:
    """At least one series. It is a `Described`."""

    source: str
    """As the spec names it."""
    series: tuple[Series, ...]
    label: str
    """What the column of values is called."""
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "csv"
    dropped: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _content_digest(self))


def _content_digest(data: SeriesSet) -> str:
    digest = hashlib.sha256(repr(data.label).encode())
    for one in data.series:
        digest.update(repr((one.name, len(one.values))).encode())
        digest.update(one.times.astype("<f8").tobytes() + one.values.astype("<f8").tobytes())
    return digest.hexdigest()
