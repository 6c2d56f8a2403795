"""The evaluation of a detector for people, `report.html`."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ml.evaluation.curves import curve_svg
from ml.evaluation.detection_document import DetectionDocument
from ml.evaluation.page import page, provenance, table, verdict_lines, with_intervals


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with boxes, and what is said below it."""

    png: bytes
    caption: str


def render_detection_report(document: DetectionDocument, examples: Sequence[Shown], poor: Sequence[Shown]) -> str:
    """Return the page; `examples` are drawn evenly from the pictures, `poor` are those with the most mistakes."""
    return page(
        f"{document.model_name}: mAP@.5 {document.metrics['map_50']:.3f} on {document.split}",
        [
            *verdict_lines(document, document.verdict, beats=document.beats_baseline),
            "<h2>Metrics</h2>",
            with_intervals(document.metrics, document.intervals),
            _threshold(document),
            *_curve(document),
            "<h2>Beside the baseline</h2>",
            _baseline(document),
            "<h2>Classes</h2>",
            _classes(document),
            "<h2>By how much a box must overlap</h2>",
            table(
                ("overlap", *document.ap_by_overlap),
                [("mAP", *(f"{value:.3f}" for value in document.ap_by_overlap.values()))],
            ),
            *_pictures("Pictures", examples),
            *_pictures("Pictures with the most mistakes", poor),
            "<h2>What was measured</h2>",
            provenance(document),
        ],
    )


def _threshold(document: DetectionDocument) -> str:
    return (
        f"<p>Precision, recall and F1 are of boxes with a score of {document.threshold:.3f} or more. A box is right"
        " when it is of the right class and overlaps the true one by half.</p>"
    )


def _curve(document: DetectionDocument) -> Iterable[str]:
    if not document.by_score:
        return
    line = [(one.recall, one.precision) for one in document.by_score]
    dot = (document.metrics["recall"], document.metrics["precision"])
    yield "<h2>Precision against recall</h2><p>At every score; the dot is at that of the model.</p>"
    yield curve_svg("Precision against recall", line, dot, across="recall", up="precision", diagonal=False)


def _baseline(document: DetectionDocument) -> str:
    mine, theirs = document.metrics, document.baseline
    return table(
        ("answers by", "mAP@.5", "mAP@[.5:.95]"),
        [
            ("this model", f"{mine['map_50']:.4f}", f"{mine['map_50_95']:.4f}"),
            (theirs.name, f"{theirs.map_50:.4f}", f"{theirs.map_50_95:.4f}"),
        ],
    )


def _classes(document: DetectionDocument) -> str:
    return table(
        ("class", "boxes", "AP@.5", "AP@[.5:.95]"),
        [(one.name, f"{one.boxes:,}", _number(one.ap_50), _number(one.ap_50_95)) for one in document.per_class],
    )


def _number(value: float | None) -> str:
    return "does not occur" if value is None else f"{value:.4f}"


def _pictures(title: str, shown: Sequence[Shown]) -> Iterable[str]:
    if not shown:
        return
    yield f"<h2>{title}</h2><p>Green: what is true, named above. Orange: what the model says, named below.</p>"
    yield '<div class="pictures wide">'
    for one in shown:
        source = f"data:image/png;base64,{base64.b64encode(one.png).decode()}"
        caption = escape(one.caption)
        yield f'<figure><img src="{source}" alt="{caption}"><figcaption>{caption}</figcaption></figure>'
    yield "</div>"
