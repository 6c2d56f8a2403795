"""Makes checked pairs of what a file holds."""

from __future__ import annotations

from collections.abc import Iterable

from ml.data.files import DataSource
from ml.errors import InvalidData
from ml.pairs.pair_set import PairSet
from ml.pairs.subwords import normal

_REPEATED = "an earlier pair has the same source"
_FEWEST = 4


def checked_pairs(
    source: DataSource, pairs: Iterable[tuple[str, str]], names: tuple[str, str], *, format_: str
) -> PairSet:
    """Return the pairs with texts in Unicode NFC, without spaces around, each source once: the first one.

    A source with two translations in two parts would let a model be measured on what it was told. Raises `InvalidData`
    for a pair without text, and where none is left.
    """
    kept: dict[str, str] = {}
    rows: list[int] = []
    count = 0
    for row, (before, after) in enumerate(pairs):
        given, wanted = normal(before), normal(after)
        _refuse_no_text(source, names, row, given, wanted)
        count += 1
        if given not in kept:
            kept[given] = wanted
            rows.append(row)
    if len(kept) < _FEWEST:
        raise InvalidData(
            f"{source.name} has {len(kept)} pairs of texts, and {_FEWEST} are the fewest to learn from.",
            remedy="Give more pairs.",
            path=source.name,
        )
    repeated = count - len(kept)
    return PairSet(
        source=source.name,
        sources=tuple(kept),
        targets=tuple(kept.values()),
        names=names,
        provenance=source.provenance,
        licence="not stated",
        format=format_,
        dropped={_REPEATED: repeated} if repeated else {},
        rows=tuple(rows),
    )


def _refuse_no_text(source: DataSource, names: tuple[str, str], row: int, given: str, wanted: str) -> None:
    for name, text in zip(names, (given, wanted), strict=True):
        if not text:
            raise InvalidData(
                f"{source.name}: {name} of row {row} has no text.",
                remedy="Each row needs both texts; remove the row.",
                path=source.name,
                row=row,
                field=name,
            )
