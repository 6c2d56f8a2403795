"""What becomes of recall, precision and false alarms at each threshold, and the pictures of it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_MOST: Final = 101
_SIDE: Final = 240
_LEFT: Final = 44
_TOP: Final = 10
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.line{stroke:#888;stroke-dasharray:4 4}"
    ".frame{fill:none;stroke:#8888}.curve{fill:none;stroke:#1a7f5a;stroke-width:2}.dot{fill:#c2410c}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}}"
)


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What is answered when the class is said from this probability on."""

    threshold: float
    recall: float
    false_positive_rate: float
    precision: float


def at_thresholds(is_positive: npt.NDArray[np.bool_], chances: npt.NDArray[np.float64]) -> tuple[AtThreshold, ...]:
    """Return at most 101 points, from the highest threshold to the lowest. None where one of both classes is missing.

    `is_positive` and `chances`, the probability of the class, are of shape (n,).
    """
    positives = int(np.count_nonzero(is_positive))
    if not 0 < positives < len(is_positive):
        return ()
    order = np.argsort(-chances, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(chances[order]) != 0, [True]))  # equal probabilities are said together
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, min(len(ends), _MOST)).astype(int))]
    hits = np.cumsum(is_positive[order])[chosen]
    said = chosen + 1
    return tuple(
        AtThreshold(
            threshold=float(chances[order[end]]),
            recall=float(hit / positives),
            false_positive_rate=float((count - hit) / (len(is_positive) - positives)),
            precision=float(hit / count),
        )
        for end, hit, count in zip(chosen, hits, said, strict=True)
    )


def roc_svg(points: Sequence[AtThreshold], *, threshold: float) -> str:
    """Return the picture of recall against false alarms; a dot is at the threshold of the model."""
    line = [(0.0, 0.0), *((one.false_positive_rate, one.recall) for one in points)]
    chosen = _chosen(points, threshold)
    dot = (chosen.false_positive_rate, chosen.recall)
    return curve_svg("Recall against false alarms", line, dot, across="false positive rate", up="recall", diagonal=True)


def precision_recall_svg(points: Sequence[AtThreshold], *, threshold: float) -> str:
    """Return the picture of precision against recall; a dot is at the threshold of the model."""
    line = [(one.recall, one.precision) for one in points]
    chosen = _chosen(points, threshold)
    dot = (chosen.recall, chosen.precision)
    return curve_svg("Precision against recall", line, dot, across="recall", up="precision", diagonal=False)


def _chosen(points: Sequence[AtThreshold], threshold: float) -> AtThreshold:
    """Return the lowest point that is still said."""
    said = [one for one in points if one.threshold >= threshold]
    return said[-1] if said else points[0]


def curve_svg(
    title: str, line: Sequence[tuple[float, float]], dot: tuple[float, float], *, across: str, up: str, diagonal: bool
) -> str:
    """Return a picture of a line through points of 0 to 1 with a dot; `diagonal` draws what chance would give."""
    right, bottom = _LEFT + _SIDE, _TOP + _SIDE
    path = " ".join(f"{_LEFT + x * _SIDE:.1f},{bottom - y * _SIDE:.1f}" for x, y in line)
    chance = f'<line class="line" x1="{_LEFT}" y1="{bottom}" x2="{right}" y2="{_TOP}"/>' if diagonal else ""
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 10} {bottom + 40}" width="{right + 10}">',
            f"<title>{title}</title><style>{_STYLE}</style>",
            f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}"/>{chance}',
            f'<polyline class="curve" points="{path}"/>',
            f'<circle class="dot" cx="{_LEFT + dot[0] * _SIDE:.1f}" cy="{bottom - dot[1] * _SIDE:.1f}" r="4"/>',
            f'<text x="{_LEFT + _SIDE / 2}" y="{bottom + 30}" text-anchor="middle">{across}</text>',
            f'<text transform="translate(14 {_TOP + _SIDE / 2}) rotate(-90)" text-anchor="middle">{up}</text>',
            "</svg>",
        ]
    )
