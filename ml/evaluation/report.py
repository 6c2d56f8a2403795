"""The evaluation for people, `report.html`: one file without scripts that fetches nothing, in light and in dark."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from ml.evaluation.confusion_picture import confusion_svg
from ml.evaluation.document import EvaluationDocument
from ml.evaluation.intervals import Interval
from ml.evaluation.reliability_picture import reliability_svg

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.25rem .8rem;border-bottom:1px solid #8884;text-align:right}
th:first-child,td:first-child{text-align:left}
.verdict{padding:.6rem 1rem;border-left:4px solid #1a7f5a;background:#8881}
.verdict.poor{border-color:#c2410c}
.pictures{display:flex;flex-wrap:wrap;gap:1rem}
figure{margin:0;width:8.5rem;font-size:13px}
figure img{width:100%;image-rendering:pixelated;background:#8882}
svg{max-width:100%;height:auto}
"""
_CALIBRATION: Final = (
    "<h2>Calibration</h2><p>How often the model is right, by how sure it says it is. On the line it can be taken "
    "at its word.</p>"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render_report(document: EvaluationDocument, pictures: Sequence[bytes]) -> str:
    """Return the page. `pictures` are PNG files, one for each of `document.most_confused`; or none."""
    title = f"{document.model_name}: {document.metrics['accuracy']:.1%} accuracy on {document.split}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *_verdict(document),
            *_risk(document),
            "<h2>Metrics</h2>",
            _metrics(document),
            "<h2>Beside baselines</h2>",
            _baselines(document),
            "<h2>Classes</h2>",
            _classes(document),
            "<h2>Confusion matrix</h2><p>Rows are true classes, columns are answers.</p>",
            confusion_svg(document.confusion_matrix, document.classes),
            *_pairs(document),
            _CALIBRATION,
            reliability_svg(document.calibration),
            *_confused(document, pictures),
            "<h2>What was measured</h2>",
            _provenance(document),
            "</body></html>\n",
        ]
    )


def _verdict(document: EvaluationDocument) -> Iterable[str]:
    beats = document.beats_baseline and document.beats_logistic_regression is not False
    says = "The model beats its baselines." if beats else "The model does not beat its baselines: do not use it."
    yield f'<p class="verdict{"" if beats else " poor"}">{says} {escape(document.verdict)}</p>'
    if document.seen_in_training and document.split in {"validation", "test"}:
        yield (
            f'<p class="verdict poor">The model was trained on {document.seen_in_training:,} of these examples: the '
            "numbers are too good.</p>"
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
    yield _table(("metric", "value", "95 % interval"), _with_intervals(risk.metrics, risk.intervals))
    yield f"<p>How often it is {escape(risk.positive)}, by how likely the model says it is.</p>"
    yield reliability_svg(risk.reliability)


def _metrics(document: EvaluationDocument) -> str:
    return _table(("metric", "value", "95 % interval"), _with_intervals(document.metrics, document.intervals))


def _with_intervals(metrics: Mapping[str, float], intervals: Mapping[str, Interval]) -> list[tuple[str, str, str]]:
    rows = []
    for name, value in metrics.items():
        interval = intervals.get(name)
        between = f"{interval.low:.4f} to {interval.high:.4f}" if interval else ""
        rows.append((name.replace("_", " "), f"{value:.4f}", between))
    return rows


def _baselines(document: EvaluationDocument) -> str:
    rows = [("this model", f"{document.metrics['accuracy']:.4f}")]
    if other := document.logistic_regression:
        name = f"logistic regression on {other.features} numbers of {other.trained_on:,} examples"
        rows.append((name, f"{other.accuracy:.4f}"))
    rows.append((f"always {document.baseline.class_name}", f"{document.baseline.accuracy:.4f}"))
    return _table(("answers by", "accuracy"), rows)


def _classes(document: EvaluationDocument) -> str:
    rows = [
        (one.name, f"{one.support:,}", f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}")
        for one in document.per_class
    ]
    return _table(("class", "examples", "precision", "recall", "F1"), rows)


def _pairs(document: EvaluationDocument) -> Iterable[str]:
    if document.confused_pairs:
        yield _table(
            ("true class", "answer", "examples", "of the class"),
            [(pair.true, pair.predicted, f"{pair.count:,}", f"{pair.share:.1%}") for pair in document.confused_pairs],
        )


def _confused(document: EvaluationDocument, pictures: Sequence[bytes]) -> Iterable[str]:
    if not document.most_confused:
        return
    yield "<h2>Surest wrong answers</h2>"
    if not pictures:
        yield _table(
            ("row", "true class", "answer", "probability"),
            [(f"{one.row:,}", one.true, one.predicted, f"{one.confidence:.1%}") for one in document.most_confused],
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


def _provenance(document: EvaluationDocument) -> str:
    seen = "not known" if document.seen_in_training is None else f"{document.seen_in_training:,}"
    return _table(
        ("", ""),
        [
            ("data", document.data.dataset or document.data.path or ""),
            ("SHA-256 of the data", document.data_digest),
            ("part", f"{document.split}, {document.examples:,} examples"),
            ("of these seen in training", seen),
            ("SHA-256 of the weights", document.weights_sha256),
        ],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + line(head, "th") + "".join(line(row, "td") for row in rows) + "</table>"
