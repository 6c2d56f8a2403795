"""`synthetic/ratings`: made-up ratings of 2,000 items by 1,500 users. They measure the machinery, and no taste.

Users and items have a bias and a vector each; a rating is the mean, both biases, the product of the vectors, and noise,
rounded to half stars from 0.5 to 5. Which items a user rates, and in which order, follows how popular they are and how
well they suit the user. Nothing can predict better than the noise allows: `NOISE_FLOOR` is the RMSE of the rating
before noise, clipped as the rating is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ml.ratings.rating_set import Codes, Floats, RatingSet

SOURCE: Final = "synthetic/ratings"
NOISE_FLOOR: Final = 0.585
"""In stars, to two digits; a test holds it to the data."""
_USERS: Final = 1500
_ITEMS: Final = 2000
_FACTORS: Final = 6
_MEAN: Final = 2.9
_NOISE: Final = 0.6
_SEED: Final = 20
_FEWEST: Final = 20
_SUITS: Final = 1.5
"""How much of the choice is taste: the weight of the product of vectors."""


def load() -> RatingSet:
    """Return the ratings, the same ones each time."""
    user_of, item_of, true, times = _drawn()
    noise = np.random.Generator(np.random.PCG64([_SEED, 1])).normal(0, _NOISE, len(true))
    return RatingSet(
        source=SOURCE,
        users=tuple(f"user {number}" for number in range(1, _USERS + 1)),
        items=tuple(f"item {number}" for number in range(1, _ITEMS + 1)),
        user_of=user_of,
        item_of=item_of,
        ratings=np.clip(np.round(2 * (true + noise)) / 2, 0.5, 5.0),
        times=times,
        label="rating",
        provenance="synthetic: drawn by Trainshed from vectors, biases and noise",
        licence="Apache-2.0, as Trainshed",
        synthetic=True,
        format="builtin",
    )


def noiseless() -> Floats:
    """Return what each rating would be without noise and without rounding, clipped to the scale."""
    return np.clip(_drawn()[2], 0.5, 5.0)


def _drawn() -> tuple[Codes, Codes, Floats, Floats]:
    """Return users, items, noiseless ratings, and times, each (n,)."""
    random = np.random.Generator(np.random.PCG64([_SEED, 0]))
    users, items = (random.normal(0, _FACTORS**-0.25, (count, _FACTORS)) for count in (_USERS, _ITEMS))
    suits = 0.6 * users @ items.T
    bias = random.normal(0, 0.35, (_USERS, 1)) + random.normal(0, 0.35, (1, _ITEMS))
    popular = -1.1 * np.log(1 + random.permutation(_ITEMS))
    # Gumbel noise on logarithms of weights: the largest ones are a draw without replacement, in order.
    drawn = popular[None, :] + _SUITS * suits / 0.6 + random.gumbel(size=(_USERS, _ITEMS))
    ranked = np.argsort(-drawn, axis=1)
    counts = _FEWEST + np.minimum(random.geometric(1 / 30, _USERS), 300)
    user_of = np.repeat(np.arange(_USERS), counts)
    item_of = np.concatenate([row[:count] for row, count in zip(ranked, counts, strict=True)])
    # In random order of time: the last ones are not the least liked.
    times = np.concatenate([random.permutation(count) for count in counts]).astype(np.float64)
    true = _MEAN + bias[user_of, item_of] + suits[user_of, item_of]
    return user_of.astype(np.int64), item_of.astype(np.int64), true, times
