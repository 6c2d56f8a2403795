"""Answers of a trained recommender: ratings of pairs, or lists of items for users.

Data with a column of items, to a model of ratings, asks for the rating in each row. Everything else asks what to
recommend: the best items for the user of each row that the user had not chosen in training, best first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.questions import Asked, Questions, Rows
from ml.evaluation.ranking import CUT
from ml.evaluation.scores import probabilities
from ml.families.predicting import (
    Asking,
    answered,
    answering,
    leave_predictions,
    meter,
    open_asked,
    rows_of_split,
    with_identity,
)
from ml.families.recommender.card import RecommenderCard
from ml.families.recommender.lists import sought_in
from ml.families.recommender.scoring import best_of, scorer_of
from ml.job import RunSettings, Summary
from ml.predictions.columns import Columns
from ml.predictions.tally import PREDICTION, Nothing, Range
from ml.ratings import divide_ratings, load_ratings
from ml.ratings.asked_ratings import ask_ratings
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import PredictSpec

Numbers = npt.NDArray[np.int64]


def predict(
    spec: PredictSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Write the ratings or the lists. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    asking = open_asked(spec, workspace, RecommenderCard, settings=settings)
    card = asking.card
    chosen = rows_of_split(
        spec, asking, load_ratings, lambda data, split: divide_ratings(data, split, card.feedback), settings=settings
    )
    questions, has_items = ask_ratings(
        asking.data,
        users=card.users,
        items=card.items,
        keep=spec.keep,
        chosen=chosen,
        roots=settings.data_roots,
        files=settings.data_files,
    )
    if card.rating is not None and has_items:
        forward = answering(asking.model)

        def answer(pairs: npt.NDArray[np.int32]) -> dict[str, Any]:
            return {PREDICTION: forward(pairs)[:, 0].astype(np.float64)}

        batches = answered(spec, questions, answer, report=report, clock=clock)
        return leave_predictions(spec, asking, batches, Range(), workspace, report)
    leave_out = _leave_out(asking, chosen, settings)
    lists = _lists(spec, asking, questions, leave_out, report, clock)
    return leave_predictions(spec, asking, lists, Nothing(), workspace, report)


def _leave_out(asking: Asking[RecommenderCard], chosen: Rows | None, settings: RunSettings) -> Mapping[int, Numbers]:
    """Return by number of a user what is not to be named: what was chosen in training; of a part what an evaluation
    leaves out."""
    card = asking.card
    if chosen is None:
        return {number: np.array(items, np.int64) for number, items in enumerate(card.chosen, start=1)}
    data = load_ratings(asking.data, roots=settings.data_roots, files=settings.data_files)
    sought = sought_in(data, chosen, card)
    return dict(zip(sought.users.tolist(), sought.leave_out, strict=True))


def _lists(
    spec: PredictSpec,
    asking: Asking[RecommenderCard],
    questions: Questions,
    leave_out: Mapping[int, Numbers],
    report: Report,
    clock: Callable[[], float],
) -> Iterator[Columns]:
    card, scorer = asking.card, scorer_of(asking.model, asking.card)
    progress = meter(spec, questions.count, report, clock)
    for step, asked in enumerate(questions.read(spec.batch_size), start=1):
        users = asked.inputs[:, 0].astype(np.int64)
        scores = scorer.scores(users)
        nothing = np.zeros(0, np.int64)
        best = best_of(scores, [leave_out.get(user, nothing) if user else nothing for user in users.tolist()], most=CUT)
        places, ranks = np.nonzero(best)
        items = best[places, ranks]
        repeated = Asked(
            asked.rows[places],
            asked.inputs[places],
            {name: [texts[place] for place in places.tolist()] for name, texts in asked.kept.items()},
        )
        yield with_identity(
            repeated,
            {
                "rank": (ranks + 1).astype(np.int64),
                PREDICTION: [card.items[item - 1] for item in items.tolist()],
                "score": _told(scores, card)[places, items],
            },
        )
        progress.at(step)


def _told(scores: npt.NDArray[np.float32], card: RecommenderCard) -> npt.NDArray[np.float64]:
    """Return ratings in units of the data, or the probability of each item to be the next one."""
    if card.rating is not None:
        return scores.astype(np.float64) * card.rating.deviation + card.rating.mean
    known = scores.copy()
    known[:, 0] = -np.inf
    return probabilities(known)
