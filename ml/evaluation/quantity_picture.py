"""Predictions against the truth as an SVG: on the line they are the same."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_SIDE: Final = 320
_LEFT: Final = 64
_TOP: Final = 10
_MOST: Final = 500
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.line{stroke:#888;stroke-dasharray:4 4}.dot{fill:#1a7f5a8c}"
    ".frame{fill:none;stroke:#8888}@media(prefers-color-scheme:dark){text{fill:#ddd}}"
)


def quantity_svg(truth: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]) -> str:
    """Return the picture with a dot for each of at most 500 examples, drawn evenly from them."""
    chosen = np.linspace(0, len(truth) - 1, min(len(truth), _MOST)).astype(int)
    low = float(min(truth.min(), predicted.min()))
    span = float(max(truth.max(), predicted.max())) - low or 1.0
    right, bottom = _LEFT + _SIDE, _TOP + _SIDE
    dots = (
        f'<circle class="dot" cx="{_LEFT + (t - low) / span * _SIDE:.1f}" cy="{bottom - (p - low) / span * _SIDE:.1f}"'
        ' r="2.5"/>'
        for t, p in zip(truth[chosen], predicted[chosen], strict=True)
    )
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 20} {bottom + 44}" width="{right + 20}">',
            f"<title>Predictions against the truth</title><style>{_STYLE}</style>",
            f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}"/>',
            f'<line class="line" x1="{_LEFT}" y1="{bottom}" x2="{right}" y2="{_TOP}"/>',
            f'<text x="{_LEFT}" y="{bottom + 16}">{low:.4g}</text>',
            f'<text x="{right}" y="{bottom + 16}" text-anchor="end">{low + span:.4g}</text>',
            f'<text x="{_LEFT + _SIDE / 2}" y="{bottom + 34}" text-anchor="middle">truth</text>',
            f'<text transform="translate(14 {_TOP + _SIDE / 2}) rotate(-90)" text-anchor="middle">prediction</text>',
            *dots,
            "</svg>",
        ]
    )
