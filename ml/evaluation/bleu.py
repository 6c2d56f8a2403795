"""BLEU (Papineni and others, 2002) with its interval and beside baselines, and chrF (Popović, 2015).

sacrebleu counts n-grams, so that the numbers are those that others report (Post, "A call for clarity in reporting BLEU
scores", 2018). BLEU follows from sums of counts over texts, so a bootstrap (Efron, 1979; percentile method; Koehn,
2004) draws the counts of texts anew. Scores are from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.packages import package
from ml.evaluation.intervals import Interval, middle

SIGNATURE: Final = "sacrebleu: BLEU and chrF of cased texts with one reference, tokenised as 13a, smoothing exp"
Floats = npt.NDArray[np.float64]
_ORDERS: Final = 4
_DRAWS: Final = 1000
_MOST_NUMBERS: Final = 4_000_000
"""Drawn at a time: bounds memory."""


def counts_of(translations: Sequence[str], references: Sequence[str]) -> Floats:
    """Return (texts, 10): of each order the n-grams that are right, those that there are; and both lengths in words.

    Raises `InvalidData` with the command that installs sacrebleu, where it is missing.
    """
    bleu = _sacrebleu().BLEU(effective_order=True)
    rows = []
    for translation, reference in zip(translations, references, strict=True):
        found = bleu.sentence_score(translation, [reference])
        rows.append([*found.counts, *found.totals, found.sys_len, found.ref_len])
    return np.array(rows, np.float64)


def chrf(translations: Sequence[str], references: Sequence[str]) -> float:
    """Return chrF of all texts together. Raises as above."""
    return float(_sacrebleu().CHRF().corpus_score(list(translations), [list(references)]).score)


def bleu_of(counts: Floats) -> float:
    """Return BLEU of all texts together."""
    return float(_bleu(counts.sum(axis=0)[None, :])[0])


def bleu_interval(counts: Floats) -> Interval:
    """Return the 95 % interval of BLEU."""
    return middle(_bleu(_drawn(counts)))


def bleu_difference_interval(ours: Floats, theirs: Floats) -> Interval:
    """Return that of the difference, with the same texts drawn for both."""
    columns = ours.shape[1]
    both = _drawn(np.concatenate([ours, theirs], axis=1))
    return middle(_bleu(both[:, :columns]) - _bleu(both[:, columns:]))


def _sacrebleu() -> Any:
    return package("sacrebleu.metrics", source="BLEU", extra="translation")


def _drawn(counts: Floats) -> Floats:
    """Draw texts anew and sum their counts, (draws, columns)."""
    random = np.random.Generator(np.random.PCG64(0))
    n = len(counts)
    at_once = max(1, _MOST_NUMBERS // n)
    pieces = [
        random.multinomial(n, np.full(n, 1 / n), size=min(at_once, _DRAWS - start)).astype(np.float64) @ counts
        for start in range(0, _DRAWS, at_once)
    ]
    return np.concatenate(pieces)


def _bleu(sums: Floats) -> Floats:
    """Return BLEU of each row of sums. An order of which nothing is right counts as half as much as the one before."""
    right, total = sums[:, :_ORDERS], sums[:, _ORDERS : 2 * _ORDERS]
    length, wanted = sums[:, -2], sums[:, -1]
    none_right = (right == 0) & (total > 0)
    halved = 0.5 ** np.cumsum(none_right, axis=1)
    precision = np.where(none_right, halved, right) / np.maximum(total, 1)
    with np.errstate(divide="ignore"):
        mean = np.exp(np.log(precision).mean(axis=1))
    brevity = np.where(length >= wanted, 1.0, np.exp(1 - wanted / np.maximum(length, 1e-9)))
    scores: Floats = 100 * np.where(length > 0, mean * brevity, 0.0)
    return scores
