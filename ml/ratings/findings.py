"""What a training job says of its ratings before it begins."""

from __future__ import annotations

import numpy as np

from ml.data import Parts
from ml.ratings.rating_set import RatingSet


def rating_findings(data: RatingSet, parts: Parts) -> tuple[str, ...]:
    """Return what is to be known of the data and of how they are divided, in words. Empty: nothing was found."""
    found = [f"{count:,} rows were left out: {why}" for why, count in data.dropped.items()]
    for name in ("validation", "test"):
        rows = parts.rows(name)
        for what, codes in (("a user", data.user_of), ("an item", data.item_of)):
            cold = int(np.count_nonzero(~np.isin(codes[rows], codes[parts.train])))
            if cold:
                found.append(
                    f"{cold:,} of the {len(rows):,} {name} rows have {what} of which nothing is known: not in train"
                )
    return tuple(found)
