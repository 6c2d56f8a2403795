"""Ratings in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RatingSet:
    """Checked ratings: no user has an item twice. It is a `Described`."""

    source: str
    """As the spec names it."""
    users: tuple[str, ...]
    items: tuple[str, ...]
    user_of: Codes
    """Place in `users` of each row, shape (n,)."""
    item_of: Codes
    """Place in `items` of each row, shape (n,)."""
    ratings: Floats | None
    """Shape (n,), finite. None: the rows say that users chose items, and no more."""
    times: Floats | None
    """Shape (n,): seconds since 1970, or what numbers the data has. None: the order is not known."""
    label: str
    """What the column of ratings is called."""
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "csv"
    dropped: Mapping[str, int] = field(default_factory=dict)
    rows: Codes | None = None
    """Where each is in the data, ascending, shape (n,). None: all are there."""
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _content_digest(self))

    def __len__(self) -> int:
        return len(self.user_of)

    @property
    def density(self) -> float:
        """The share of all pairs of a user and an item that have a row."""
        return len(self) / (len(self.users) * len(self.items))


def _content_digest(data: RatingSet) -> str:
    digest = hashlib.sha256(repr((data.users, data.items, data.label)).encode())
    for array in (data.user_of, data.item_of):
        digest.update(array.astype("<i8").tobytes())
    for values in (data.ratings, data.times):
        digest.update(b"none" if values is None else values.astype("<f8").tobytes())
    return digest.hexdigest()
