"""The column of a table that says which rows are for training, which for validation, and which for testing."""

from __future__ import annotations

from collections.abc import Sequence

from ml.data.parts import PARTS, SPLIT
from ml.errors import InvalidData
from trainshed.specs import Columns


def split_column(names: Sequence[str], texts: Sequence[Sequence[str]], columns: Columns, path: str) -> int | None:
    """Return its place: that of the column which the spec names, or of one called `split` that holds nothing else.

    Raises `InvalidData` for one that is named and says something else, or that leaves nothing to train on.
    """
    named = columns.split or SPLIT
    place = names.index(named) if named in names else None
    if place is None or (columns.split is None and not _tells_parts(texts[place])):
        return None
    wrong = next((row for row, text in enumerate(texts[place]) if text.lower() not in PARTS), None)
    if wrong is not None:
        raise InvalidData(
            f"{path}: {named} of row {wrong} is {texts[place][wrong][:40]!r}, which is no part.",
            remedy="Write train, validation or test in each row of it.",
            path=path,
            row=wrong,
            field=named,
        )
    if not any(PARTS[text.lower()] == "train" for text in texts[place]):
        raise InvalidData(
            f"{path}: {named} leaves no row to train on.",
            remedy="Write train in the rows to learn from.",
            path=path,
            field=named,
        )
    return place


def _tells_parts(texts: Sequence[str]) -> bool:
    return all(text.lower() in PARTS for text in texts)
