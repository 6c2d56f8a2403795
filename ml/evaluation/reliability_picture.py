"""The reliability diagram as an SVG: confidence against accuracy, and how many answers each bin has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ml.evaluation.calibration import Bin

_SIDE: Final = 320
_LEFT: Final = 44
_TOP: Final = 10
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.line{stroke:#888;stroke-dasharray:4 4}.dot{fill:#1a7f5a}"
    ".frame{fill:none;stroke:#8888}.bar{fill:#8883}@media(prefers-color-scheme:dark){text{fill:#ddd}}"
)


def reliability_svg(bins: Sequence[Bin]) -> str:
    """Return the picture: a dot for each bin with answers, a bar for its share of all answers."""
    total = max(sum(found.count for found in bins), 1)
    wide = _SIDE + 70
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {_SIDE + 50}" width="{wide}" role="img">',
        f"<title>Accuracy by confidence</title><style>{_STYLE}</style>",
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}"/>',
        f'<line class="line" x1="{_LEFT}" y1="{_TOP + _SIDE}" x2="{_LEFT + _SIDE}" y2="{_TOP}"/>',
        f'<text x="{_LEFT + _SIDE / 2}" y="{_TOP + _SIDE + 32}" text-anchor="middle">confidence</text>',
        f'<text transform="translate(14 {_TOP + _SIDE / 2}) rotate(-90)" text-anchor="middle">accuracy</text>',
    ]
    for found in bins:
        parts += _bin(found, found.count / total)
    return "\n".join([*parts, "</svg>"])


def _bin(found: Bin, share: float) -> list[str]:
    if found.confidence is None or found.accuracy is None:
        return []
    x, width, height = _LEFT + found.low * _SIDE, (found.high - found.low) * _SIDE - 1, share * _SIDE
    middle, level = _LEFT + found.confidence * _SIDE, _TOP + _SIDE - found.accuracy * _SIDE
    return [
        f'<rect class="bar" x="{x:.1f}" y="{_TOP + _SIDE - height:.1f}" width="{width:.1f}" height="{height:.1f}"/>',
        f'<circle class="dot" cx="{middle:.1f}" cy="{level:.1f}" r="4"/>',
    ]
