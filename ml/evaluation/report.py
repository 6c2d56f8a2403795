"""The evaluation of a classifier for people, `report.html`."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from ml.evaluation.confusion_picture import confusion_svg
from ml.evaluation.curves import precision_recall_svg, roc_svg
from ml.evaluation.document import EvaluationDocument
from ml.evaluation.page import page, provenance, slices_section, table, verdict_lines, with_intervals
from ml.evaluation.reliability_picture import reliability_svg

_CALIBRATION: Final = (
    "<h2>Calibration</h2><p>How often the model is right, by how sure it says it is. On the line it can be taken "
    "at its word.</p>"
)


def render_report(document: EvaluationDocument, pictures: Sequence[bytes]) -> str:
    """Return the page. `pictures` are PNG files, one for each of `document.most_confused`; or none."""
    beats = document.beats_baseline and document.beats_logistic_regression is not False
    return page(
        f"{document.model_name}: {document.metrics['accuracy']:.1%} accuracy on {document.split}",
        [
            *verdict_lines(document, document.verdict, beats=beats),
            *_risk(document),
            "<h2>Metrics</h2>",
            with_intervals(document.metrics, document.intervals),
            "<h2>Beside baselines</h2>",
            _baselines(document),
            "<h2>Classes</h2>",
            _classes(document),
            *slices_section(document),
            "<h2>Confusion matrix</h2><p>Rows are true classes, columns are answers.</p>",
            confusion_svg(document.confusion_matrix, document.classes),
            *_pairs(document),
            _CALIBRATION,
            reliability_svg(document.calibration),
            *_confused(document, pictures),
            "<h2>What was measured</h2>",
            provenance(document),
        ],
    )


def _risk(document: EvaluationDocument) -> Iterable[str]:
    risk = document.risk
    if risk is None:
        return
    chosen = (
        "the likelier class" if risk.asked_recall is None else f"recall {risk.asked_recall:g} on the validation part"
    )
    yield (
        f"<h2>Finding {escape(risk.positive)}</h2><p>The answer is {escape(risk.positive)} from a probability of"
        f" {risk.threshold:.4f} on, chosen for {chosen}.</p>"
    )
    yield with_intervals(risk.metrics, risk.intervals)
    if risk.curve:
        yield "<p>What other thresholds would come to; the dot is the one that was chosen.</p>"
        yield roc_svg(risk.curve, threshold=risk.threshold)
        yield precision_recall_svg(risk.curve, threshold=risk.threshold)
    yield f"<p>How often it is {escape(risk.positive)}, by how likely the model says it is.</p>"
    yield reliability_svg(risk.reliability)


def _baselines(document: EvaluationDocument) -> str:
    rows = [("this model", f"{document.metrics['accuracy']:.4f}", "")]
    for one in document.comparisons:
        between = f"{one.difference:+.4f} ({one.interval.low:+.4f} to {one.interval.high:+.4f})"
        rows.append((one.name, f"{one.accuracy:.4f}", between))
    seen = ""
    if other := document.logistic_regression:
        seen = f"<p>Logistic regression sees {other.features} numbers of {other.trained_on:,} training examples.</p>"
    return table(("answers by", "accuracy", "the model beside it"), rows) + seen


def _classes(document: EvaluationDocument) -> str:
    rows = [
        (one.name, f"{one.support:,}", f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}")
        for one in document.per_class
    ]
    return table(("class", "examples", "precision", "recall", "F1"), rows)


def _pairs(document: EvaluationDocument) -> Iterable[str]:
    if document.confused_pairs:
        yield table(
            ("true class", "answer", "examples", "of the class"),
            [(pair.true, pair.predicted, f"{pair.count:,}", f"{pair.share:.1%}") for pair in document.confused_pairs],
        )


def _confused(document: EvaluationDocument, pictures: Sequence[bytes]) -> Iterable[str]:
    if not document.most_confused:
        return
    yield "<h2>Surest wrong answers</h2>"
    if not pictures:
        yield table(
            ("row", "true class", "answer", "probability", ""),
            [
                (f"{one.row:,}", one.true, one.predicted, f"{one.confidence:.1%}", one.text or "")
                for one in document.most_confused
            ],
        )
        return
    yield "<div class=pictures>"
    for example, picture in zip(document.most_confused, pictures, strict=True):
        source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        true, answer = escape(example.true), escape(example.predicted)
        yield (
            f'<figure><img src="{source}" alt="example {example.row}"><figcaption>{true}, taken for {answer} '
            f"({example.confidence:.1%}), row {example.row}</figcaption></figure>"
        )
    yield "</div>"
