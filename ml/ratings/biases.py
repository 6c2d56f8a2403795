"""The baseline that a model of ratings has to beat: the mean, and how far each user and each item is from it."""

from __future__ import annotations

from typing import Final

import numpy as np

from ml.ratings.rating_set import Codes, Floats, RatingSet

_ROUNDS: Final = 10
_DRAWN_IN: Final = 3.0
"""As if each user and item had so many more ratings at the mean."""


def predict_by_biases(data: RatingSet, train: Codes, rows: Codes) -> Floats:
    """Fit on the train rows by alternating least squares, and return the ratings (n,) of other rows."""
    assert data.ratings is not None
    mean = float(data.ratings[train].mean())
    users, items = data.user_of[train], data.item_of[train]
    above = data.ratings[train] - mean
    of_user, of_item = np.zeros(len(data.users)), np.zeros(len(data.items))
    for _ in range(_ROUNDS):
        of_item = _drawn_in(items, above - of_user[users], len(data.items))
        of_user = _drawn_in(users, above - of_item[items], len(data.users))
    return mean + of_user[data.user_of[rows]] + of_item[data.item_of[rows]]


def _drawn_in(codes: Codes, values: Floats, count: int) -> Floats:
    """Return the mean of the values of each code, drawn towards 0 where there are few."""
    drawn: Floats = np.bincount(codes, values, count) / (np.bincount(codes, minlength=count) + _DRAWN_IN)
    return drawn
