"""The evaluation of a translator for people, `report.html`, with translations side by side."""

from __future__ import annotations

from ml.evaluation.page import page, provenance, table, verdict_lines, with_intervals
from ml.evaluation.translation_document import TranslationBaseline, TranslationDocument
from ml.evaluation.translations import beats


def render_translation_report(document: TranslationDocument) -> str:
    """Return the page."""
    return page(
        f"{document.model_name}: {document.names[0]} to {document.names[1]} on {document.split}, BLEU"
        f" {document.metrics['bleu']:.1f}",
        [
            *verdict_lines(document, document.verdict, beats=all(map(beats, document.baselines))),
            "<h2>Metrics</h2>",
            with_intervals(document.metrics, document.intervals),
            f"<p>{document.signature}</p>",
            "<h2>Beside baselines</h2>",
            _baselines(document),
            "<h2>Side by side</h2>",
            _side_by_side(document),
            "<h2>What was measured</h2>",
            provenance(document),
        ],
    )


def _baselines(document: TranslationDocument) -> str:
    names = ("bleu", "chrf", "exact_match")
    rows = [("this model", *(f"{document.metrics[name]:.4f}" for name in names), "")]
    rows += [
        (
            one.name,
            *(f"{one.metrics[name]:.4f}" for name in names),
            _difference(one),
        )
        for one in document.baselines
    ]
    return table(("answers by", "BLEU", "chrF", "exact match", "BLEU of the model less it"), rows)


def _difference(baseline: TranslationBaseline) -> str:
    interval = baseline.bleu_difference_interval
    return f"{baseline.bleu_difference:+.1f} ({interval.low:+.1f} to {interval.high:+.1f})"


def _side_by_side(document: TranslationDocument) -> str:
    return table(
        ("row", document.names[0], "reference", "translation", "nearest in training"),
        [
            (f"{one.row:,}", one.source, one.reference, one.translation, one.nearest or "")
            for one in document.translations
        ],
    )
