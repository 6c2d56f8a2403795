"""Trains a classifier of texts: vocabulary, network, epochs, export.

Writes `model.keras` (encoded texts in, logits out), `model.json`, `MODEL_CARD.md`, and checkpoints where asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ml.data import Parts, divide
from ml.families.fitting import Task, describe, fit_task, refuse_watching_nothing, warn_of_slow_precision
from ml.families.leaving import class_counts, common_fields, facts, leave, trained_on
from ml.families.text_classifier.card import TextCard, card_text
from ml.families.text_classifier.presets import PRESETS, TAKES_PAIRS
from ml.job import RunSettings, Summary
from ml.precision import computing_in
from ml.report import Report, warn
from ml.runtime import set_up
from ml.texts import TextEncoding, TextSet, clean_texts, encode_texts, fit_text_encoding, load_texts, text_findings
from ml.texts.augmentation import TextAugmentation
from ml.training.cross_entropy import make_cross_entropy
from ml.training.loop import Prepared, Source
from ml.workspace import Workspace
from trainshed.specs import TextClassifier, TrainSpec


def train(
    spec: TrainSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Train and export. Raises `InvalidData` or `Diverged`."""
    assert isinstance(spec.model, TextClassifier)
    set_up(threads=settings.threads, seed=spec.training.seed)
    texts = load_texts(spec.data, roots=settings.data_roots, files=settings.data_files)
    parts = divide(texts, spec.data.split)
    refuse_watching_nothing(spec, parts)
    warn_of_slow_precision(spec, report)
    cleaned = clean_texts(spec.preprocess, texts.texts)
    encoding = fit_text_encoding(
        (cleaned[row] for row in parts.train),
        pairs=spec.model.preset in TAKES_PAIRS,
        vocabulary=spec.model.vocabulary,
        length=spec.model.length,
    )
    task = _task(spec, spec.model, texts, parts, encoding, [cleaned[row] for row in parts.train])
    report.message(describe(texts.source, task, learns=f"{len(texts.class_names)} classes"))
    found = text_findings(texts, parts)
    warn(report, found)

    def prepare(name: str) -> Prepared:
        rows = parts.rows(name)
        return Prepared(encode_texts(encoding, [cleaned[row] for row in rows]), texts.labels[rows])

    fitted = fit_task(spec, task, prepare, workspace, report, settings=settings, clock=clock)
    card = TextCard(
        **common_fields(fitted, task, settings),
        classes=texts.class_names,
        input_shape=(encoding.length,),
        data=trained_on(fitted.spec, texts, task, findings=found, class_counts=class_counts(texts, parts)),
        preprocess=tuple(step for step in spec.preprocess if not step.augments),
        encoding=encoding,
        column=texts.column,
    )
    leave(task.model, card, card_text(card), fitted.spec, workspace)
    return Summary(metrics=card.metrics, facts=facts(card))


def _task(
    spec: TrainSpec,
    model: TextClassifier,
    texts: TextSet,
    parts: Parts,
    encoding: TextEncoding,
    train: list[str],
) -> Task:

    def source(prepared: Prepared) -> Source:
        if not spec.augments:
            return prepared
        return TextAugmentation.of(
            spec.preprocess, seed=spec.training.seed, encoding=encoding, texts=train, targets=prepared.targets
        )

    with computing_in(spec.training.precision):
        network = PRESETS[model.preset](encoding.length, encoding.size, len(texts.class_names), dropout=model.dropout)
    return Task(
        network=network,
        model=network,
        objective=make_cross_entropy(
            spec.training, class_counts=class_counts(texts, parts), class_names=texts.class_names
        ),
        data_digest=texts.digest,
        parts=parts,
        source=source,
        augments=spec.augments,
    )
