"""Finds images that are exact copies of one another, within a part and across parts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def first_equal(images: npt.NDArray[Any]) -> Rows:
    """Return for each example (n, ...) the first row with the same bits: its own, where there is none before it."""
    first: dict[bytes, int] = {}
    rows = np.empty(len(images), np.int64)
    for row, image in enumerate(images):
        rows[row] = first.setdefault(_digest(image), row)
    return rows


def needless_copies(first: Rows, kept: npt.NDArray[np.bool_], *, held_out_from: int | None) -> npt.NDArray[np.bool_]:
    """Return which examples (n,) before the held out parts are like an earlier one, or like a held out one.

    `first` is what `first_equal` gives; of those that are not `kept` nothing is a copy.
    """
    end = len(first) if held_out_from is None else held_out_from
    taken = set(first[end:][kept[end:]].tolist())
    needless = np.zeros(len(first), np.bool_)
    for row in np.flatnonzero(kept[:end]).tolist():
        group = int(first[row])
        needless[row] = group in taken
        taken.add(group)
    return needless


def copies_across(first: Rows, parts: Mapping[str, npt.NDArray[Any]]) -> dict[tuple[str, str], int]:
    """Return how many rows of a part are in an earlier one, too, by the names of both: `{("train", "test"): 3}`."""
    names = list(parts)
    found = {}
    for at, earlier in enumerate(names):
        for later in names[at + 1 :]:
            count = int(np.count_nonzero(np.isin(first[parts[later]], first[parts[earlier]])))
            if count:
                found[earlier, later] = count
    return found


def _digest(image: npt.NDArray[Any]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest()
