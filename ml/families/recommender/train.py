"""Trains a recommender: users and items as numbers, network, epochs, export.

Writes `model.keras` (pairs in; ratings or logits of items out), `model.json`, `MODEL_CARD.md`, and checkpoints if asked
for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np

from ml.data import Parts
from ml.errors import InvalidData
from ml.families.fitting import Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.leaving import common_fields, facts, leave, trained_on
from ml.families.recommender.card import Rating, RecommenderCard, card_text
from ml.families.recommender.presets import MOST_HISTORY, History, Sizes, build
from ml.job import RunSettings, Summary
from ml.precision import computing_in
from ml.ratings import RatingSet, divide_ratings, encode_pairs, known_names, load_ratings, rating_findings
from ml.ratings.vocabulary import Pairs
from ml.report import Report, warn
from ml.runtime import set_up
from ml.training.cross_entropy import CrossEntropy
from ml.training.loop import Prepared
from ml.training.rating_error import RatingError
from ml.workspace import Workspace
from trainshed.specs import Recommender, TrainSpec

Chosen = tuple[tuple[int, ...], ...]


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    model = spec.model
    assert isinstance(model, Recommender)
    set_up(threads=settings.threads, seed=spec.training.seed)
    data = load_ratings(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide_ratings(data, spec.data.split, model.feedback)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)
    rating = _rating(data, parts) if model.feedback == "explicit" else None
    users, items = (
        known_names(names, codes[parts.train])
        for names, codes in ((data.users, data.user_of), (data.items, data.item_of))
    )

    def pairs_of(name: str) -> Pairs:
        return encode_pairs(data, parts.rows(name), users=users, items=items)

    def prepare(name: str) -> Prepared:
        pairs = pairs_of(name)
        if rating is None or data.ratings is None:
            return Prepared(pairs, pairs[:, 1].astype(np.int64))
        standardised = (data.ratings[parts.rows(name)] - rating.mean) / rating.deviation
        return Prepared(pairs, standardised.astype(np.float32))

    chosen = chosen_by(pairs_of("train"), _times(data, parts), users=len(users))
    history = _history(chosen)
    sizes = Sizes(
        len(users),
        len(items),
        model.factors,
        history,
        said=None if rating is None else _said(history, prepare("train")),
        dropout=model.dropout or 0.0,
    )
    task = _task(spec, model, data, parts, sizes, rating)
    report.message(describe(data.source, task, learns=f"{len(users):,} users and {len(items):,} items"))
    found = rating_findings(data, parts)
    warn(report, found)
    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = RecommenderCard(
        **common_fields(fitted, task, settings),
        input_shape=(2,),
        data=trained_on(fitted.spec, data, task, findings=found),
        feedback=model.feedback,
        users=users,
        items=items,
        chosen=chosen,
        rating=rating,
    )
    leave(task.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def chosen_by(pairs: Pairs, times: np.ndarray, *, users: int) -> Chosen:
    """Return the items of each user by numbers (n, 2) of known ones, in the order of `times` (n,)."""
    order = np.lexsort((times, pairs[:, 0]))
    ends = np.cumsum(np.bincount(pairs[:, 0], minlength=users + 1))
    return tuple(tuple(items.tolist()) for items in np.split(pairs[order, 1], ends[:-1])[1:])


def _times(data: RatingSet, parts: Parts) -> np.ndarray:
    return np.arange(len(parts.train)) if data.times is None else data.times[parts.train]


def _history(chosen: Chosen) -> History:
    """Return the last items of each user; row 0 is of one who is not known."""
    length = min(MOST_HISTORY, max(len(items) for items in chosen))
    history = np.zeros((len(chosen) + 1, length), np.float32)
    for number, items in enumerate(chosen, start=1):
        last = items[-length:]
        history[number, : len(last)] = last
    return history


def _said(history: History, train: Prepared) -> History:
    """Return the rating of each item of a history, standardised."""
    said = np.zeros_like(history)
    known = dict(zip(map(tuple, train.inputs.tolist()), train.targets.tolist(), strict=True))
    for number, items in enumerate(history.astype(int).tolist()):
        said[number] = [known[number, item] if item else 0.0 for item in items]
    return said


def _rating(data: RatingSet, parts: Parts) -> Rating:
    if data.ratings is None:
        raise InvalidData(
            f"{data.source} has no column of ratings, and model.feedback is explicit.",
            remedy="Name the column with data.columns.label, or set model.feedback to implicit: then each row says that"
            " a user chose an item.",
            path=data.source,
            field="model.feedback",
        )
    seen = data.ratings[parts.train]
    if seen.std() == 0:
        raise InvalidData(
            f"{data.source}: {data.label} is {seen[0]:g} in all {len(seen):,} rows of the train part.",
            remedy="There is no rating to learn; set model.feedback to implicit.",
            path=data.source,
            field=data.label,
        )
    return Rating(name=data.label, mean=float(seen.mean()), deviation=float(seen.std()))


def _task(
    spec: TrainSpec, model: Recommender, data: RatingSet, parts: Parts, sizes: Sizes, rating: Rating | None
) -> Task:
    with computing_in(spec.training.precision):
        network = build(model.preset, model.feedback, sizes)
    return Task(
        network=network,
        model=network if rating is None else _in_units(network, rating, name=model.family),
        objective=(
            CrossEntropy(n_classes=sizes.items + 1)
            if rating is None
            else RatingError(rating.deviation, penalty=model.penalty)
        ),
        data_digest=data.digest,
        parts=parts,
    )


def _in_units(network: keras.Model, rating: Rating, *, name: str) -> keras.Model:
    pairs = keras.Input((2,), dtype="int32", name="pairs")
    in_units = keras.layers.Rescaling(rating.deviation, rating.mean, dtype="float32", name="in_units")
    return keras.Model(pairs, in_units(network(pairs)[:, :1]), name=name)
