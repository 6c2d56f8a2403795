"""`evaluation.json` of a translator, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

from ml.evaluation.intervals import Interval
from ml.evaluation.measured import Measured
from trainshed.specs import SpecModel


class TranslationBaseline(SpecModel):
    """What one has without the model."""

    name: str
    metrics: dict[str, float]
    """bleu, chrf and exact_match."""
    bleu_difference: float
    """BLEU of the model less that of the baseline: above 0, the model is better."""
    bleu_difference_interval: Interval


class ShownTranslation(SpecModel):
    """One text side by side with what came of it."""

    row: int
    """Of the data, from 0."""
    source: str
    reference: str
    translation: str
    nearest: str | None
    """The target of the source in training that is most like this one. None: that is not known."""


class TranslationDocument(Measured):
    """The result of one evaluation."""

    names: tuple[str, str]
    """What source and target are called."""
    metrics: dict[str, float]
    """bleu and chrf from 0 to 100; exact_match: share of translations that are the reference; of parts of words, all
    before them being given, token_accuracy (share of the right ones of a text, in the mean) and loss."""
    intervals: dict[str, Interval]
    """95 % bootstrap intervals over texts of bleu and exact_match."""
    signature: str
    """How sacrebleu names this BLEU."""
    baseline: TranslationBaseline
    """The plain one: the source as it is."""
    baselines: tuple[TranslationBaseline, ...]
    """All, the plain one first."""
    beats_baseline: bool
    """Whether the interval of `bleu_difference` is above 0."""
    verdict: str
    """The model beside its baselines, in words."""
    translations: tuple[ShownTranslation, ...]
    """Drawn evenly from the part."""
