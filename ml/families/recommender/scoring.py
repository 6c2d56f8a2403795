"""What a trained recommender thinks of all items for a user: one product of matrices, by the weights of the network.

It gives what the network gives, pair by pair, but for a user's vector being computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.families.measuring import compiled
from ml.families.recommender.card import RecommenderCard
from ml.families.recommender.presets import ITEM_BIAS, ITEMS, USER_BIAS, VECTOR

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
_USERS_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """Knows the vectors of all items; `vectors_of` gives those of users by their numbers (n,)."""

    vectors_of: Callable[[Numbers], Floats]
    items: Floats
    """Shape (factors, items + 1)."""
    item_bias: Floats
    """Shape (items + 1,)."""
    user_bias: Floats
    """Shape (users + 1,); zeros where it makes no difference."""

    def scores(self, users: Numbers) -> Floats:
        """Return the score of each item for each user by numbers, (n, items + 1); column 0 is of no item."""
        found: Floats = self.vectors_of(users) @ self.items + self.item_bias + self.user_bias[users, None]
        return found


def scorer_of(model: keras.Model, card: RecommenderCard) -> Scorer:
    """Return the scorer of a loaded model. Of explicit feedback, scores are standardised ratings."""
    network = _network(model, card)
    vectors = compiled(keras.Model(network.input, network.get_layer(VECTOR).output))

    def vectors_of(users: Numbers) -> Floats:
        pairs = np.stack([users, np.zeros_like(users)], axis=1).astype(np.int32)
        return np.asarray(vectors(pairs))

    weights = network.get_layer(ITEMS).get_weights()
    if card.feedback == "implicit":
        return Scorer(vectors_of, weights[0], weights[1], np.zeros(len(card.users) + 1, np.float32))
    biases = [network.get_layer(name).get_weights()[0][:, 0] for name in (ITEM_BIAS, USER_BIAS)]
    return Scorer(vectors_of, weights[0].T, *biases)


def top_items(scorer: Scorer, users: Numbers, leave_out: Callable[[int], Numbers], *, most: int) -> Numbers:
    """Return the numbers of the best items (n, at most `most`), best first; `leave_out(place)` are those not to name.

    Of equal scores the item with the smaller number comes first.
    """
    pieces = []
    for start in range(0, len(users), _USERS_AT_ONCE):
        scores = scorer.scores(users[start : start + _USERS_AT_ONCE])
        pieces.append(best_of(scores, [leave_out(start + at) for at in range(len(scores))], most=most))
    return np.concatenate(pieces)


def best_of(scores: Floats, leave_out: list[Numbers], *, most: int) -> Numbers:
    """Return the columns with the highest scores (n, at most `most`) but for those to leave out; 0: none is left."""
    allowed = np.array(scores, np.float32)
    allowed[:, 0] = -np.inf
    for row, items in enumerate(leave_out):
        allowed[row, items] = -np.inf
    best = np.argsort(-allowed, axis=1, kind="stable")[:, : min(most, allowed.shape[1] - 1)]
    return np.where(np.take_along_axis(allowed, best, axis=1) > -np.inf, best, 0)


def _network(model: keras.Model, card: RecommenderCard) -> Any:
    """Return the network within a model; of implicit feedback they are one."""
    return model if card.feedback == "implicit" else model.get_layer(card.preset)
