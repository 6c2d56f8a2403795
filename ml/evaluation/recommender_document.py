"""`evaluation.json` of a recommender, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

from typing import Literal

from ml.evaluation.intervals import Interval
from ml.evaluation.measured import Measured
from ml.evaluation.quantities import QuantityBaseline
from ml.evaluation.ranking import RankingBaseline
from trainshed.specs import SpecModel


class ShownItem(SpecModel):
    """One item of a list."""

    name: str
    relevant: bool
    """Whether the user chose it, in the part that was measured."""


class ShownList(SpecModel):
    """What one user is recommended."""

    user: str
    before: tuple[str, ...]
    """Some of what the user had chosen last, of what the model was trained on."""
    chose: tuple[str, ...]
    """Some of what the user chose in the part that was measured."""
    items: tuple[ShownItem, ...]
    """Best first."""


class RecommenderDocument(Measured):
    """The result of one evaluation; ratings are in units of the data."""

    feedback: Literal["explicit", "implicit"]
    metrics: dict[str, float]
    """rmse, mae and r2 of explicit feedback. Of lists of ten: hr_at_10 (share of users with a relevant item in it),
    ndcg_at_10, coverage (share of all items that are in some list). cold_share: of the rows, those with a user or an
    item that was not trained on."""
    intervals: dict[str, Interval]
    """95 % bootstrap intervals over users."""
    users_ranked: int
    """Users with something relevant to find: implicit feedback all that they chose, explicit what they rated above the
    mean of the train part."""
    baseline: QuantityBaseline | RankingBaseline
    """Explicit: the mean of the train part. Implicit: popularity."""
    baselines: tuple[QuantityBaseline, ...]
    """Of ratings, the plain one first: the mean, and where they can be fitted biases of users and items."""
    popularity: RankingBaseline | None
    """The most chosen items of the train part, as lists. None: nobody could be ranked."""
    beats_baseline: bool
    """Explicit: whether the interval of `rmse_ratio` is below 1. Implicit: whether that of the difference of hit rates
    is above 0."""
    verdict: str
    """The model beside its baselines, in words."""
    lists: tuple[ShownList, ...]
    """Of the first users that were ranked."""
