"""The evaluation of a forecaster for people, `report.html`, with the last forecast as a picture."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluation.forecast_document import ForecastDocument
from ml.evaluation.page import page, provenance, slices_section, table, verdict_lines, with_intervals
from ml.evaluation.quantities import is_better
from ml.evaluation.quantity_report import baselines_table

Floats = npt.NDArray[np.float64]
_WIDE: Final = 720
_HIGH: Final = 260
_LEFT: Final = 70
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.known{stroke:#888}.true{stroke:#c2410c}.said{stroke:#1a7f5a}"
    "polyline{fill:none;stroke-width:2}.between{fill:#1a7f5a40}@media(prefers-color-scheme:dark){text{fill:#ddd}}"
)


def render_forecast_report(document: ForecastDocument, truth: Floats, forecast: Floats, window: Floats) -> str:
    """Return the page. The picture is of one forecast: truth (horizon,), quantiles (horizon, 3), window (window,)."""
    return page(
        f"{document.model_name}: {document.target} on {document.split}, mean error {document.metrics['mae']:.4g}",
        [
            *verdict_lines(document, document.verdict, beats=all(map(is_better, document.baselines))),
            "<h2>Metrics</h2>",
            with_intervals(document.metrics, document.intervals),
            "<h2>Beside baselines</h2>",
            baselines_table(document.metrics, document.baselines),
            "<h2>Step by step</h2>",
            _steps(document),
            *slices_section(document),
            "<h2>The last forecast</h2><p>What was known (grey), what came (orange), what was forecast (green).</p>",
            forecast_svg(truth, forecast, window),
            "<h2>What was measured</h2>",
            provenance(document),
        ],
    )


def forecast_svg(truth: Floats, forecast: Floats, window: Floats) -> str:
    """Return the picture."""
    every = np.concatenate([truth, forecast.ravel(), window])
    low, high = float(every.min()), float(every.max())
    span = high - low or 1.0
    count = len(window) + len(truth)

    def points(first: int, values: Floats) -> str:
        return " ".join(
            f"{_LEFT + (first + at) / max(count - 1, 1) * _WIDE:.1f},{10 + (high - value) / span * _HIGH:.1f}"
            for at, value in enumerate(values)
        )

    start, last = len(window) - 1, window[-1:]
    ends = [points(len(window), forecast[:, 0]), " ".join(reversed(points(len(window), forecast[:, 2]).split()))]
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + 20} {_HIGH + 30}" role="img">',
            f"<title>A forecast against the truth</title><style>{_STYLE}</style>",
            f'<text x="0" y="20">{high:.4g}</text><text x="0" y="{_HIGH + 10}">{low:.4g}</text>',
            f'<polygon class="between" points="{" ".join(ends)}"/>',
            f'<polyline class="known" points="{points(0, window)}"/>',
            f'<polyline class="true" points="{points(start, np.concatenate([last, truth]))}"/>',
            f'<polyline class="said" points="{points(start, np.concatenate([last, forecast[:, 1]]))}"/>',
            "</svg>",
        ]
    )


def _steps(document: ForecastDocument) -> str:
    return table(
        ("steps ahead", "mean error", f"of {document.baseline.name}", "within the interval"),
        [
            (f"{one.ahead}", f"{one.mae:.4g}", f"{one.baseline_mae:.4g}", f"{one.interval_coverage:.1%}")
            for one in document.steps
        ],
    )
