"""Trains a translator: parts of words, network, epochs, export.

Writes `model.keras` (source and beginning of the target in, logits of what follows out), `model.json`, `MODEL_CARD.md`,
and checkpoints if asked for. In training each part of a target is foretold from all true ones before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data import Parts
from ml.errors import InvalidData
from ml.families.fitting import Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.leaving import common_fields, facts, leave, trained_on
from ml.families.translator.card import TranslatorCard, card_text
from ml.families.translator.examples import TaughtPairs, taught
from ml.families.translator.presets import build
from ml.job import RunSettings, Summary
from ml.pairs import PairSet, Splitter, Subwords, divide_pairs, fit_subwords, load_pairs, pair_findings
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.training.order import by_length
from ml.training.sequences import NextPiece
from ml.workspace import Workspace
from trainshed.specs import TrainSpec, Translator

_TOO_LONG: Final = "more parts of words than model.length"


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
    assert isinstance(model, Translator)
    set_up(threads=settings.threads, seed=spec.training.seed)
    pairs = load_pairs(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide_pairs(pairs, spec.data.split)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)
    subwords = fit_subwords(_texts(pairs, parts.train), vocabulary=model.vocabulary)
    prepared = {
        name: taught(pairs, parts.rows(name), Splitter(subwords), length=model.length)
        for name in ("train", "validation")
    }
    learned = prepared["train"]
    if not len(learned):
        raise InvalidData(
            f"{pairs.source}: no pair of the train part has at most {model.length} parts of words.",
            remedy="Raise model.length.",
            path=pairs.source,
            field="model.length",
        )
    task = _task(spec, model, pairs, parts, subwords, learned)
    report.message(describe(pairs.source, task, learns=f"{pairs.names[0]} to {pairs.names[1]}"))
    found = pair_findings(pairs, parts, too_long=task.left_out, length=model.length)
    warn(report, found)
    fitted = fit_task(spec, task, lambda name: prepared[name].all, workspace, report, settings=settings, clock=clock)
    card = TranslatorCard(
        **common_fields(fitted, task, settings),
        input_shape=(2, None),
        data=trained_on(
            fitted.spec, pairs, task, findings=found, left_out={_TOO_LONG: task.left_out} if task.left_out else {}
        ),
        names=pairs.names,
        subwords=subwords,
        length=model.length,
        beam=model.beam,
        mean_length=learned.mean_length,
    )
    leave(task.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def _texts(pairs: PairSet, rows: npt.NDArray[np.int64]) -> list[str]:
    """Return sources and targets of rows: both languages share their parts of words."""
    return [texts[row] for texts in (pairs.sources, pairs.targets) for row in rows.tolist()]


def _task(
    spec: TrainSpec, model: Translator, pairs: PairSet, parts: Parts, subwords: Subwords, learned: TaughtPairs
) -> Task:
    with computing_in(spec.training.precision):
        network = build(model.preset, pieces=subwords.size, length=model.length, dropout=model.dropout)
    return Task(
        network=network,
        model=network,
        objective=NextPiece(subwords.size, learned.mean_length, spec.training.label_smoothing),
        data_digest=pairs.digest,
        parts=parts,
        source=lambda _: learned,
        order=partial(by_length, learned.lengths),
        left_out=len(parts.train) - len(learned),
    )
