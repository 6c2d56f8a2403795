"""From `data:` of a spec to checked ratings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from ml.data.builtin import load_known
from ml.data.files import find_file
from ml.errors import InvalidData
from ml.job import DataFile
from ml.ratings import movielens, synthetic
from ml.ratings.csv_ratings import read_csv_ratings
from ml.ratings.rating_set import RatingSet
from ml.tables.load import refuse_other_kinds
from ml.tables.refusals import refuse_cleaning
from trainshed.specs import Columns, Data

BUILTIN_RATINGS: Final[dict[str, Callable[[], RatingSet]]] = {
    movielens.SOURCE: movielens.load,
    synthetic.SOURCE: synthetic.load,
}


def load_ratings(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> RatingSet:
    """Read and check the ratings that `data` names: a path only if it lies below `roots`. Raises `InvalidData`."""
    refuse_cleaning(data.clean, data.path or data.dataset or "")
    source = find_file(data, roots=roots, files=files)
    if source is not None:
        refuse_other_kinds(source)
        return read_csv_ratings(source, data.columns or Columns())
    if data.columns is not None:
        raise InvalidData(
            f"{data.dataset} has columns of its own, and data.columns names some.",
            remedy="Leave data.columns out.",
            field="data.columns",
        )
    remedy = "or upload a .csv file with a user and an item in each row; or give data.path."
    return load_known(data.dataset or "", BUILTIN_RATINGS, what="set of ratings", remedy=remedy)
