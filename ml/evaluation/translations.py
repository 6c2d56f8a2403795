"""How good translations are beside baselines, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from ml.evaluation.bleu import bleu_difference_interval, bleu_of, chrf, counts_of
from ml.evaluation.intervals import Interval
from ml.evaluation.translation_document import TranslationBaseline

_AT_ONCE = 512


def beside_translations(
    counts: npt.NDArray[np.float64], references: Sequence[str], baselines: Mapping[str, Sequence[str]]
) -> tuple[TranslationBaseline, ...]:
    """Return each baseline with the difference to the model, whose n-grams were counted, on the same texts."""
    return tuple(_beside(name, counts, theirs, references) for name, theirs in baselines.items())


def right_ones(translations: Sequence[str], references: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return 1 for each translation that is its reference, otherwise 0, shape (n,)."""
    pairs = zip(translations, references, strict=True)
    return np.array([translation == reference for translation, reference in pairs], np.float64)


def drawn_shares(right: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the shares of right ones among texts drawn anew, a thousand times (Efron, 1979)."""
    random = np.random.Generator(np.random.PCG64(0))
    return random.binomial(len(right), right.mean(), size=1000) / len(right)


def nearest_rows(known: Sequence[str], sought: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return for each text the place of the known one that is most like it by TF-IDF of its letters in threes to fives.

    Of those that are equally like it the first counts.
    """
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    of_known, of_sought = vectors.fit_transform(known), vectors.transform(sought)
    found = [
        (of_sought[start : start + _AT_ONCE] @ of_known.T).toarray().argmax(axis=1)
        for start in range(0, len(sought), _AT_ONCE)
    ]
    return np.concatenate(found).astype(np.int64)


def translation_verdict(bleu: float, baselines: Sequence[TranslationBaseline]) -> str:
    """Return one sentence for each baseline. A difference counts when 0 lies outside of its interval."""
    return " ".join(
        f"{_compared(one.bleu_difference_interval)} {one.name}: BLEU {bleu:.1f} beside {one.metrics['bleu']:.1f},"
        f" difference {one.bleu_difference:+.1f} [{one.bleu_difference_interval.low:+.1f},"
        f" {one.bleu_difference_interval.high:+.1f}]."
        for one in baselines
    )


def beats(baseline: TranslationBaseline) -> bool:
    """Whether the model is better than it, beyond doubt of the draw."""
    return baseline.bleu_difference_interval.low > 0


def _beside(
    name: str, ours: npt.NDArray[np.float64], theirs: Sequence[str], references: Sequence[str]
) -> TranslationBaseline:
    counts = counts_of(theirs, references)
    metrics = {
        "bleu": bleu_of(counts),
        "chrf": chrf(theirs, references),
        "exact_match": float(right_ones(theirs, references).mean()),
    }
    return TranslationBaseline(
        name=name,
        metrics=metrics,
        bleu_difference=bleu_of(ours) - metrics["bleu"],
        bleu_difference_interval=bleu_difference_interval(ours, counts),
    )


def _compared(interval: Interval) -> str:
    if interval.low > 0:
        return "Better than"
    return "Worse than" if interval.high < 0 else "No better than"
