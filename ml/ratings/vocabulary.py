"""Users and items as numbers, from 1 on: those of the train part, fitted there alone. 0 stands for all others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.ratings.rating_set import Codes, RatingSet

Pairs = npt.NDArray[np.int32]


def known_names(names: Sequence[str], codes: Codes) -> tuple[str, ...]:
    """Return the names that occur among codes, in their order."""
    return tuple(names[code] for code in np.unique(codes))


def numbers_of(names: Sequence[str], known: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the number of each name: its place in `known` plus 1, or 0."""
    places = {name: number for number, name in enumerate(known, start=1)}
    return np.array([places.get(name, 0) for name in names], np.int32)


def encode_pairs(data: RatingSet, rows: Codes, *, users: Sequence[str], items: Sequence[str]) -> Pairs:
    """Return (rows, 2): the numbers of user and item."""
    user_numbers, item_numbers = numbers_of(data.users, users), numbers_of(data.items, items)
    return np.stack([user_numbers[data.user_of[rows]], item_numbers[data.item_of[rows]]], axis=1)
