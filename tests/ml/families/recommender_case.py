"""The tiny training of a recommender: users who like items of one of two kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.families.recommender import presets
from ml.families.recommender.card import RecommenderCard
from ml.model.card import read_card
from ml.ratings import encode_pairs, load_ratings
from tests.ml.families.case import Case, Document, Roots, spec_of
from tests.ml.families.tables import judged_quantities, other_order, write_rows


def rating_rows() -> list[list[str]]:
    """Return users, items, ratings that a taste for one of two kinds of items tells, and times."""
    random = np.random.Generator(np.random.PCG64(5))
    rows = []
    for user in range(24):
        for time, item in enumerate(random.permutation(16)[:10].tolist()):
            rating = 3 + (1.5 if user % 2 == item % 2 else -1.5) + random.normal(0, 0.3)
            rows.append([f"u{user}", f"i{item}", f"{rating:.1f}", str(1000 + time)])
    return rows


_RATED: Final = "user,item,rating,time"


def _rating(row: int, column: int, value: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        rows = rating_rows()
        rows[row][column] = value
        return write_rows(folder, rows, _RATED)

    return write


def _recommended(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", RecommenderCard)
    data = load_ratings(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    pairs = encode_pairs(data, np.arange(len(data)), users=card.users, items=card.items)
    return {"metrics": {"mae": np.abs(np.asarray(model(pairs))[:, 0] - data.ratings).mean()}}


def _rated_network(preset: str) -> tuple[keras.Model, tuple[int, ...]]:
    history = np.array([[0, 0], [1, 2], [3, 0]], np.float32)
    sizes = presets.Sizes(users=2, items=3, factors=4, history=history, said=history, dropout=0.1)
    return presets.build(preset, "explicit", sizes), (2,)


RECOMMENDER: Final = Case(
    family="recommender",
    write=lambda folder: write_rows(folder, rating_rows(), _RATED),
    spec=lambda path: spec_of("recommender", path, training={"epochs": 20, "batch_size": 8, "learning_rate": 0.02}),
    networks=_rated_network,
    measured=_recommended,
    unlabelled=other_order(rating_rows(), _RATED, 1, 0),
    judged=judged_quantities(lambda one: rating_rows()[int(one["row"])][2]),
    bad={
        "no user": (_rating(7, 0, ""), "user of row 7 is missing"),
        "no item": (_rating(7, 1, "?"), "item of row 7 is missing"),
        "no rating": (_rating(7, 2, ""), "rating of row 7 is missing"),
        "a word as a rating": (_rating(7, 2, "good"), "rating of row 7 is 'good', and it is a quantity"),
        "no time": (_rating(7, 3, "soon"), "time of row 7 is 'soon', which is no time"),
        "no column of users": (
            lambda folder: write_rows(folder, rating_rows(), "who,item,rating,time"),
            "has no column of users; it has who, item, rating, time",
        ),
        "choices without ratings": (
            lambda folder: write_rows(folder, [row[:2] for row in rating_rows()], "user,item"),
            "has no column of ratings, and model.feedback is explicit",
        ),
        "one rating": (
            lambda folder: write_rows(folder, [[*row[:2], "1", row[3]] for row in rating_rows()], _RATED),
            "rating is 1 in all 144 rows of the train part",
        ),
    },
)
