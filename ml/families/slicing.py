"""Which value of a column each measured example has. It is read from the file: the model may ignore the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ml.data.asked_rows import count_rows, texts_in
from ml.data.files import find_file
from ml.errors import InvalidData
from ml.evaluation.slices import Grouped, grouped
from ml.job import RunSettings
from ml.tables.table import Column, texts_of
from trainshed.specs import Data, EvaluateSpec


def slice_groups(
    spec: EvaluateSpec,
    data: Data,
    rows: npt.NDArray[np.int64],
    *,
    settings: RunSettings,
    shipped: Sequence[Column] = (),
) -> tuple[Grouped, ...]:
    """Return the groups of the rows (n,) for each column of `slices`; `shipped` are the columns of data without a file.

    Raises `InvalidData` for a column that is not there.
    """
    if not spec.slices:
        return ()
    source = find_file(data, roots=settings.data_roots, files=settings.data_files)
    if source is None:
        texts = _of_shipped(spec, data, rows, shipped)
    else:
        table = count_rows(source)
        table.refuse_missing(spec.slices, why="slices names", field="slices")
        texts = texts_in(table, spec.slices, rows)
    return tuple(grouped(name, texts[name]) for name in spec.slices)


def refuse_slices(spec: EvaluateSpec, *, answers: str) -> None:
    """Raise `InvalidData` where slices are asked for of answers that have no score of their own."""
    if spec.slices:
        raise InvalidData(
            f"slices names {spec.slices[0]!r}, and scores of {answers} are of all of them together.",
            remedy="Leave slices out.",
            field="slices",
        )


def _of_shipped(
    spec: EvaluateSpec, data: Data, rows: npt.NDArray[np.int64], shipped: Sequence[Column]
) -> Mapping[str, list[str]]:
    there = {column.name: column for column in shipped}
    unknown = next((name for name in spec.slices if name not in there), None)
    if unknown is not None:
        raise InvalidData(
            f"{data.dataset} has no column {unknown!r}, which slices names.",
            remedy=f"Its columns are {', '.join(there)}." if there else "Leave slices out.",
            path=data.dataset,
            field="slices",
        )
    return {name: texts_of(there[name], rows) for name in spec.slices}
