"""The confusion matrix as a picture: an SVG without scripts that follows the reader's light or dark colours."""

from __future__ import annotations

from html import escape
from typing import Final

_CELL: Final = 44
_MARGIN: Final = 130
_LONGEST_NAME: Final = 18
_MOST_NUMBERED: Final = 20
"""Classes: with more, the cells are too small for numbers and shown as colours alone."""
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}.hit{fill:#1a7f5a}.miss{fill:#c2410c}.none{fill:#8882}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}}"
)


def confusion_svg(confusion: tuple[tuple[int, ...], ...], class_names: tuple[str, ...]) -> str:
    """Return the picture: rows are true classes, columns answers; a colour is the share of the row."""
    cell = _CELL if len(class_names) <= _MOST_NUMBERED else max(4, 880 // len(class_names))
    size = _MARGIN + cell * len(class_names) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" role="img">',
        "<title>Confusion matrix: rows are true classes, columns are answers</title>",
        f"<style>{_STYLE}</style>",
        *_names(class_names, cell),
    ]
    for row, counts in enumerate(confusion):
        total = max(sum(counts), 1)
        parts += [_cell(row, column, count, count / total, cell) for column, count in enumerate(counts)]
    return "\n".join([*parts, "</svg>"])


def _names(class_names: tuple[str, ...], cell: int) -> list[str]:
    if cell < 12:
        return []
    texts = []
    for place, name in enumerate(class_names):
        short = escape(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")
        middle = _MARGIN + place * cell + cell / 2
        texts.append(f'<text x="{_MARGIN - 8}" y="{middle + 4}" text-anchor="end">{short}</text>')
        texts.append(f'<text transform="translate({middle + 4} {_MARGIN - 8}) rotate(-60)">{short}</text>')
    return texts


def _cell(row: int, column: int, count: int, share: float, cell: int) -> str:
    x, y = _MARGIN + column * cell, _MARGIN + row * cell
    kind = "none" if not count else "hit" if row == column else "miss"
    opacity = 1.0 if not count else 0.15 + 0.6 * share
    rectangle = (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" fill-opacity="{opacity:.3f}"/>'
    )
    if not count or cell < _CELL:
        return rectangle
    return f'{rectangle}<text x="{x + cell / 2}" y="{y + cell / 2 + 4}" text-anchor="middle">{count}</text>'
