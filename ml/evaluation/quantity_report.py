"""The evaluation of predicted quantities for people, `report.html`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml.evaluation.page import page, provenance, slices_section, table, verdict_lines, with_intervals
from ml.evaluation.quantities import QuantityBaseline, is_better
from ml.evaluation.quantity_document import QuantityDocument


def render_quantity_report(document: QuantityDocument, picture: str) -> str:
    """Return the page; `picture` is an SVG."""
    return page(
        f"{document.model_name}: {document.target} on {document.split}, mean error {document.metrics['mae']:.4g}",
        [
            *verdict_lines(document, document.verdict, beats=all(map(is_better, document.baselines))),
            "<h2>Metrics</h2>",
            with_intervals(document.metrics, document.intervals),
            "<h2>Beside baselines</h2>",
            baselines_table(document.metrics, document.baselines),
            *slices_section(document),
            "<h2>Predictions against the truth</h2>",
            picture,
            "<h2>Largest errors</h2>",
            _worst(document),
            "<h2>What was measured</h2>",
            provenance(document),
        ],
    )


def baselines_table(metrics: Mapping[str, float], baselines: Sequence[QuantityBaseline]) -> str:
    """Return the table of the model beside its baselines."""
    names = tuple(baselines[0].metrics)
    rows = [("this model", *(f"{metrics[name]:.4f}" for name in names), "")]
    rows += [
        (
            one.name,
            *(f"{one.metrics[name]:.4f}" for name in names),
            f"{one.rmse_ratio:.3f} ({one.rmse_ratio_interval.low:.3f} to {one.rmse_ratio_interval.high:.3f})",
        )
        for one in baselines
    ]
    return table(("answers by", *names, "RMSE of the model by it"), rows)


def _worst(document: QuantityDocument) -> str:
    return table(
        ("row", "truth", "prediction"),
        [(f"{one.row:,}", f"{one.true:.6g}", f"{one.predicted:.6g}") for one in document.worst],
    )
