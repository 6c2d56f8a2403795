"""Translations of texts by a trained translator."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.families.predicting import answered, leave_predictions, open_asked, rows_of_split
from ml.families.translator.card import TranslatorCard
from ml.families.translator.translating import padded, translator_of
from ml.job import RunSettings, Summary
from ml.pairs import Splitter, divide_pairs, encode_sources, load_pairs
from ml.pairs.asked_pairs import ask_pairs
from ml.predictions.tally import PREDICTION, Nothing
from ml.report import Report
from ml.workspace import Workspace
from trainshed.specs import PredictSpec


def predict(
    spec: PredictSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Write the translations, one for each row. Raises `InvalidData`."""
    asking = open_asked(spec, workspace, TranslatorCard, settings=settings)
    card = asking.card
    splitter = Splitter(card.subwords)

    def take(texts: Sequence[str]) -> npt.NDArray[np.int32]:
        return padded(encode_sources(splitter, texts, length=card.length))

    questions = ask_pairs(
        asking.data,
        card.names[0],
        take,
        keep=spec.keep,
        chosen=rows_of_split(spec, asking, load_pairs, divide_pairs, settings=settings),
        roots=settings.data_roots,
        files=settings.data_files,
    )
    translated = translator_of(asking.model, card)

    def answer(sources: npt.NDArray[np.int32]) -> dict[str, Any]:
        return {PREDICTION: translated(sources)}

    batches = answered(spec, questions, answer, report=report, clock=clock)
    return leave_predictions(spec, asking, batches, Nothing(), workspace, report)
