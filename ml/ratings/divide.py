"""Divides ratings into train, validation and test.

- `explicit`: rows are drawn by seed, as of any table.
- `implicit`: of each user the last item is test, and the one before it validation. Last is by time, or without times
  by a draw of the seed. A user who would have no item left to learn from is in train alone. Of a share only counts
  whether it is 0: then nothing is held out for it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ml.data.split import Parts, Rows, divide_count
from ml.errors import InvalidData
from ml.ratings.rating_set import RatingSet
from trainshed.specs import Split

Feedback = Literal["explicit", "implicit"]


def divide_ratings(data: RatingSet, split: Split, feedback: Feedback) -> Parts:
    """Divide the rows. Raises `InvalidData` when a part would come out empty."""
    return divide_count(len(data), split) if feedback == "explicit" else _leave_last_out(data, split)


def _leave_last_out(data: RatingSet, split: Split) -> Parts:
    from_end = _from_end(data, split.seed)
    held_out = (split.test > 0) + (split.validation > 0)
    counts = np.bincount(data.user_of, minlength=len(data.users))
    can_spare = counts[data.user_of] > held_out
    test = can_spare & (from_end == 0) if split.test else np.zeros(len(data), np.bool_)
    validation = can_spare & (from_end == held_out - 1) if split.validation else np.zeros(len(data), np.bool_)
    if held_out and not can_spare.any():
        raise InvalidData(
            f"{data.source}: no user has more than {held_out} items, so none can be held out.",
            remedy="Give more rows of each user, or set data.split.test or data.split.validation to 0.",
            path=data.source,
            field="data.split",
        )
    return Parts(*(np.flatnonzero(part).astype(np.int64) for part in (~(test | validation), validation, test)))


def _from_end(data: RatingSet, seed: int) -> Rows:
    """Return for each row how many of the same user come after it. Equal times are ordered by seed."""
    drawn = np.random.Generator(np.random.PCG64([seed])).permutation(len(data))
    when = np.zeros(len(data)) if data.times is None else data.times
    order = np.lexsort((drawn, when, data.user_of))
    ends = np.cumsum(np.bincount(data.user_of, minlength=len(data.users)))
    from_end = np.empty(len(data), np.int64)
    from_end[order] = ends[data.user_of[order]] - 1 - np.arange(len(data))
    return from_end
