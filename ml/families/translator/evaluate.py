"""Measures a trained translator on one share of its pairs, or on other pairs.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.translation_document`)
and `report.html`. Beside the model: the source as it is, and the target of the most similar source in training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.data.packages import package
from ml.evaluation.bleu import SIGNATURE, bleu_interval, bleu_of, chrf, counts_of
from ml.evaluation.intervals import middle
from ml.evaluation.translation_document import ShownTranslation, TranslationDocument
from ml.evaluation.translation_report import render_translation_report
from ml.evaluation.translations import (
    beats,
    beside_translations,
    drawn_shares,
    nearest_rows,
    right_ones,
    translation_verdict,
)
from ml.families.measuring import Chosen, choose_of, open_measured, warn_of_leak
from ml.families.slicing import refuse_slices
from ml.families.translator.card import TranslatorCard
from ml.families.translator.examples import taught
from ml.families.translator.translating import translated_texts
from ml.job import RunSettings, Summary
from ml.pairs import PairSet, Splitter, divide_pairs, load_pairs
from ml.report import Report
from ml.training.order import batches
from ml.training.sequences import NextPiece
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec

COPY: Final = "copying the source"
NEAREST: Final = "the nearest translation of training"


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`."""
    refuse_slices(spec, answers="translations")
    package("sacrebleu.metrics", source="BLEU", extra="translation")  # before minutes of translating
    opened = open_measured(spec, workspace, TranslatorCard, load_pairs, settings=settings)
    card, pairs = opened.card, opened.examples
    chosen = choose_of(spec, opened.data, pairs, card, lambda split: divide_pairs(pairs, split))
    warn_of_leak(chosen, spec, report)
    sources = _of(pairs.sources, chosen.rows)
    found = translated_texts(opened.model, card, sources, batch_size=spec.batch_size, report=report, clock=clock)
    known = _foretold(opened.model, card, pairs, chosen.rows, batch_size=spec.batch_size)
    document = _document(spec, card, pairs, chosen, found, known)
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text("report.html", render_translation_report(document))
    return _reported(document, report)


def _foretold(
    model: keras.Model, card: TranslatorCard, pairs: PairSet, rows: npt.NDArray[np.int64], *, batch_size: int
) -> Mapping[str, float]:
    """Return loss and accuracy of each part of a word, given all true ones before it."""
    examples = taught(pairs, rows, Splitter(card.subwords), length=card.length)
    if not len(examples):
        return {}
    objective = NextPiece(card.subwords.size, card.mean_length)

    @tf.function(
        input_signature=[tf.TensorSpec((None, 2, None), tf.int32), tf.TensorSpec((None, None), tf.int32)],
        autograph=False,
    )
    def measure(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        logits = model(inputs, training=False)
        losses = objective.plain_losses(targets, logits)
        return tf.stack([tf.reduce_sum(losses), objective.sum_scores(targets, logits)])

    order = np.argsort(examples.lengths, kind="stable")
    sums = [np.asarray(measure(*examples(some, epoch=1)), np.float64) for some in batches(order, batch_size)]
    loss, accuracy = np.sum(sums, axis=0) / len(examples)
    return {"token_accuracy": float(accuracy), "loss": float(loss)}


def _document(
    spec: EvaluateSpec,
    card: TranslatorCard,
    pairs: PairSet,
    chosen: Chosen,
    found: Sequence[str],
    foretold: Mapping[str, float],
) -> TranslationDocument:
    sources, references = _of(pairs.sources, chosen.rows), _of(pairs.targets, chosen.rows)
    counts, right = counts_of(found, references), right_ones(found, references)
    nearest = _nearest(pairs, chosen, sources)
    answers = {COPY: sources} if nearest is None else {COPY: sources, NEAREST: nearest}
    baselines = beside_translations(counts, references, answers)
    bleu = bleu_of(counts)
    shown = np.unique(np.linspace(0, len(found) - 1, min(spec.pictures, len(found))).astype(int))
    return TranslationDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=spec.split,
        examples=len(found),
        seen_in_training=chosen.seen_in_training,
        data=chosen.data,
        data_digest=pairs.digest,
        names=card.names,
        metrics={"bleu": bleu, "chrf": chrf(found, references), "exact_match": float(right.mean())} | dict(foretold),
        intervals={"bleu": bleu_interval(counts), "exact_match": middle(drawn_shares(right))},
        signature=SIGNATURE,
        baseline=baselines[0],
        baselines=baselines,
        beats_baseline=beats(baselines[0]),
        verdict=translation_verdict(bleu, baselines),
        translations=tuple(
            ShownTranslation(
                row=int(chosen.rows[at]),
                source=sources[at],
                reference=references[at],
                translation=found[at],
                nearest=None if nearest is None else nearest[at],
            )
            for at in shown.tolist()
        ),
    )


def _nearest(pairs: PairSet, chosen: Chosen, sources: Sequence[str]) -> list[str] | None:
    if chosen.train_rows is None:
        return None
    known = _of(pairs.sources, chosen.train_rows)
    return [pairs.targets[chosen.train_rows[place]] for place in nearest_rows(known, sources).tolist()]


def _of(texts: Sequence[str], rows: npt.NDArray[np.int64]) -> list[str]:
    return [texts[row] for row in rows.tolist()]


def _reported(document: TranslationDocument, report: Report) -> Summary:
    headline = document.metrics | {"bleu_difference": document.baseline.bleu_difference}
    for name, value in headline.items():
        report.metric(f"evaluation/{name}", 0, value)
    report.message(f"{document.split}: {document.examples:,} texts. {document.verdict}")
    return Summary(metrics=headline, facts=document.model_dump(mode="json", exclude={"metrics", "translations"}))
