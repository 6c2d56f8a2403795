"""The page around every evaluation: one file without scripts that fetches nothing, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from ml.evaluation.intervals import Interval
from ml.evaluation.measured import Measured
from ml.evaluation.slices import Slice

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
.wide figure{width:16rem}
svg{max-width:100%;height:auto}
"""
_NOT_BETTER: Final = "The model does not beat every baseline beyond chance: a simpler answer may do."
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: Iterable[str]) -> str:
    """Return the page."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *body,
            "</body></html>\n",
        ]
    )


def verdict_lines(document: Measured, says: str, *, beats: bool) -> Iterable[str]:
    """Yield the verdict, and the warning of a part that was trained on."""
    judged = "The model beats its baselines." if beats else _NOT_BETTER
    yield f'<p class="verdict{"" if beats else " poor"}">{judged} {escape(says)}</p>'
    if document.seen_in_training and document.split in {"validation", "test"}:
        yield (
            f'<p class="verdict poor">The model was trained on {document.seen_in_training:,} of these examples: the '
            "numbers are too good.</p>"
        )


def with_intervals(metrics: Mapping[str, float], intervals: Mapping[str, Interval]) -> str:
    """Return the table of metrics."""
    rows = []
    for name, value in metrics.items():
        interval = intervals.get(name)
        between = f"{interval.low:.4f} to {interval.high:.4f}" if interval else ""
        rows.append((name.replace("_", " "), f"{value:.4f}", between))
    return table(("metric", "value", "95 % interval"), rows)


def slices_section(document: Measured) -> Iterator[str]:
    """Yield a table for each column that the scores are given by."""
    for one in document.slices:
        names = tuple(dict.fromkeys(name for part in one.slices for name in part.metrics))
        left_out = f" {one.left_out:,} examples are left out: too few have their values." if one.left_out else ""
        yield f"<h2>By {escape(one.column)}</h2><p>With 95 % intervals.{left_out}</p>"
        yield table(
            (one.column, "examples", *names, "than all"),
            [
                (part.value, f"{part.examples:,}", *(_between(part, name) for name in names), part.than_all)
                for part in one.slices
            ],
        )


def _between(part: Slice, name: str) -> str:
    if name not in part.metrics:
        return ""
    interval = part.intervals[name]
    return f"{part.metrics[name]:.4g} ({interval.low:.4g} to {interval.high:.4g})"


def provenance(document: Measured) -> str:
    """Return the table of what was measured."""
    seen = "not known" if document.seen_in_training is None else f"{document.seen_in_training:,}"
    return table(
        ("", ""),
        [
            ("data", document.data.dataset or document.data.path or ""),
            ("SHA-256 of the data", document.data_digest),
            ("part", f"{document.split}, {document.examples:,} examples"),
            ("of these seen in training", seen),
            ("SHA-256 of the weights", document.weights_sha256),
        ],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; cells are escaped."""

    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + line(head, "th") + "".join(line(row, "td") for row in rows) + "</table>"
