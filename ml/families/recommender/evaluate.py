"""Measures a recommender on one share of its ratings, or on other ratings.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.recommender_document`)
and `report.html`. Beside the ratings of the model: always the mean, and biases of users and items. Beside its lists:
the most popular items.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.evaluation.intervals import Interval
from ml.evaluation.quantities import QuantityBaseline, beside, intervals_of, is_better, metrics_of, quantity_verdict
from ml.evaluation.ranking import (
    Lists,
    Ranked,
    RankingBaseline,
    beside_ranking,
    ranking_intervals,
    ranking_verdict,
    ranks_better,
)
from ml.evaluation.recommender_document import RecommenderDocument
from ml.evaluation.recommender_report import render_recommender_report
from ml.families.measuring import Chosen, Opened, choose_of, open_measured, predict, warn_of_leak
from ml.families.recommender.card import Rating, RecommenderCard
from ml.families.recommender.lists import Sought, listed, popular_lists, scored, shown_lists, sought_in
from ml.families.recommender.scoring import scorer_of
from ml.families.slicing import refuse_slices
from ml.job import RunSettings, Summary
from ml.ratings import RatingSet, divide_ratings, encode_pairs, load_ratings
from ml.ratings.biases import predict_by_biases
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec

Floats = npt.NDArray[np.float64]
MEAN: Final = "always answering the mean"
BIASES: Final = "biases of users and items"
POPULARITY: Final = "popularity"


@dataclass(frozen=True, slots=True, eq=False)
class _Rated:
    """How near ratings came."""

    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    baselines: tuple[QuantityBaseline, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Listed:
    """What lists came to."""

    sought: Sought
    lists: Lists
    ours: Ranked
    popularity: RankingBaseline


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    opened = open_measured(spec, workspace, RecommenderCard, load_ratings, settings=settings)
    card, data = opened.card, opened.examples
    refuse_slices(spec, answers="recommendations")
    chosen = choose_of(spec, opened.data, data, card, lambda split: divide_ratings(data, split, card.feedback))
    warn_of_leak(chosen, spec, report)
    rated = None if card.rating is None else _rated(spec, opened, card.rating, chosen, report, clock)
    document = _document(spec, card, data, chosen, rated, _listed(opened, chosen))
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text("report.html", render_recommender_report(document))
    return _reported(document, report)


def _rated(
    spec: EvaluateSpec,
    opened: Opened[RecommenderCard, RatingSet],
    rating: Rating,
    chosen: Chosen,
    report: Report,
    clock: Callable[[], float],
) -> _Rated:
    card, data, rows = opened.card, opened.examples, chosen.rows
    if data.ratings is None:
        raise InvalidData(
            f"{data.source} has no column of ratings, and the model was trained on {rating.name}.",
            remedy="Name the column with data.columns.label.",
            path=data.source,
            field="data.columns.label",
        )

    def take(some: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        return encode_pairs(data, some, users=card.users, items=card.items)

    outputs = predict(opened.model, rows, spec.batch_size, take, report=report, clock=clock)
    truth, predicted = data.ratings[rows], outputs[:, 0].astype(np.float64)
    answers = {MEAN: np.full(len(rows), rating.mean)}
    if chosen.train_rows is not None:
        answers |= {BIASES: predict_by_biases(data, chosen.train_rows, rows)}
    _, of_user = np.unique(data.user_of[rows], return_inverse=True)  # ratings of one user are alike: drawn together
    blocks = of_user.astype(np.int64)
    return _Rated(
        metrics_of(truth, predicted), intervals_of(truth, predicted, blocks), beside(truth, predicted, answers, blocks)
    )


def _listed(opened: Opened[RecommenderCard, RatingSet], chosen: Chosen) -> _Listed | None:
    """Return None where nobody has something to be found."""
    card = opened.card
    sought = sought_in(opened.examples, chosen.rows, card)
    if not len(sought.users):
        return None
    lists = listed(scorer_of(opened.model, card), sought)
    ours, theirs = scored(lists, sought, card), scored(popular_lists(card, sought), sought, card)
    return _Listed(sought, lists, ours, beside_ranking(POPULARITY, ours, theirs))


def _document(
    spec: EvaluateSpec,
    card: RecommenderCard,
    data: RatingSet,
    chosen: Chosen,
    rated: _Rated | None,
    ranking: _Listed | None,
) -> RecommenderDocument:
    baseline = rated.baselines[0] if rated else ranking.popularity if ranking else None
    assert baseline is not None  # each row of implicit feedback is something to be found
    return RecommenderDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=spec.split,
        examples=len(chosen.rows),
        seen_in_training=chosen.seen_in_training,
        data=chosen.data,
        data_digest=data.digest,
        feedback=card.feedback,
        metrics=(dict(rated.metrics) if rated else {})
        | (ranking.ours.metrics if ranking else {})
        | {"cold_share": _cold_share(data, chosen, card)},
        intervals=(dict(rated.intervals) if rated else {}) | (ranking_intervals(ranking.ours) if ranking else {}),
        users_ranked=len(ranking.sought.users) if ranking else 0,
        baseline=baseline,
        baselines=rated.baselines if rated else (),
        popularity=ranking.popularity if ranking else None,
        beats_baseline=is_better(baseline) if isinstance(baseline, QuantityBaseline) else ranks_better(baseline),
        verdict=" ".join(_verdicts(rated, ranking)),
        lists=shown_lists(data, card, ranking.sought, ranking.lists, most=spec.pictures) if ranking else (),
    )


def _verdicts(rated: _Rated | None, ranking: _Listed | None) -> list[str]:
    ratings = [quantity_verdict(rated.baselines)] if rated else []
    return [*ratings, ranking_verdict(ranking.ours, ranking.popularity)] if ranking else ratings


def _cold_share(data: RatingSet, chosen: Chosen, card: RecommenderCard) -> float:
    pairs = encode_pairs(data, chosen.rows, users=card.users, items=card.items)
    return float((pairs == 0).any(axis=1).mean())


def _reported(document: RecommenderDocument, report: Report) -> Summary:
    ratio = {"rmse_ratio": document.baselines[0].rmse_ratio} if document.baselines else {}
    headline = document.metrics | ratio
    if document.popularity is not None:
        headline["hr_difference"] = document.popularity.hr_difference
    for name, value in headline.items():
        report.metric(f"evaluation/{name}", 0, value)
    report.message(f"{document.split}: {document.examples:,} rows. {document.verdict}")
    return Summary(metrics=headline, facts=document.model_dump(mode="json", exclude={"metrics", "lists"}))
