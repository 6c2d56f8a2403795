"""Adds to a profile what only pairs of texts have: how long they are, and which are there twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ml.data.files import DataSource
from ml.data.rows import opened_rows
from ml.errors import InvalidData
from ml.pairs import PairSet
from ml.pairs.csv_pairs import SOURCES, TARGETS, read_csv_pairs
from ml.profile.document import PairsProfile, ProfileDocument, Spread
from ml.profile.findings import first_problems
from trainshed.specs import Columns, Data

_FAR = 3.0
"""One text is so many times as long as the other, in words: it may be no translation."""
_FEWEST_WORDS = 4


def with_pairs_of(document: ProfileDocument, source: DataSource, data: Data) -> ProfileDocument:
    """Return the document with what is seen of a file as pairs, if it has a source and a target in each row."""
    columns = data.columns or Columns()
    is_said = columns.source is not None and columns.target is not None
    if not is_said and not _has_source_and_target(source):
        return document
    try:
        return with_pairs(document, read_csv_pairs(source, columns))
    except InvalidData as error:
        problems = [*document.problems, f"As pairs: {error.detail}"]
        return document.model_copy(update={"problems": tuple(first_problems(iter(problems)))})


def with_pairs(document: ProfileDocument, pairs: PairSet) -> ProfileDocument:
    """Return the document with what is seen in checked pairs."""
    given, wanted = _words(pairs.sources), _words(pairs.targets)
    seen = PairsProfile(
        pairs=len(pairs),
        source_words=_spread(given),
        target_words=_spread(wanted),
        same=sum(before == after for before, after in zip(pairs.sources, pairs.targets, strict=True)),
        repeated=sum(pairs.dropped.values()),
    )
    problems = [*document.problems, *_problems(pairs, seen, given, wanted)]
    return document.model_copy(update={"pairs": seen, "problems": tuple(first_problems(iter(problems)))})


def _has_source_and_target(source: DataSource) -> bool:
    with opened_rows(source) as rows:
        names = {name.lower() for name in rows.names}
    return not names.isdisjoint(SOURCES) and not names.isdisjoint(TARGETS)


def _words(texts: Sequence[str]) -> np.ndarray:
    return np.array([len(text.split()) for text in texts])


def _spread(counts: np.ndarray) -> Spread:
    return Spread(least=int(counts.min()), median=float(np.median(counts)), most=int(counts.max()))


def _problems(pairs: PairSet, seen: PairsProfile, given: np.ndarray, wanted: np.ndarray) -> Iterator[str]:
    for why, count in pairs.dropped.items():
        yield f"As pairs, {count:,} rows are left out: {why}."
    if seen.same:
        yield f"{seen.same:,} of {seen.pairs:,} pairs have two texts that are the same."
    ratio = np.maximum(given, wanted) / np.maximum(np.minimum(given, wanted), 1)
    far = int(np.count_nonzero((ratio >= _FAR) & (np.maximum(given, wanted) >= _FEWEST_WORDS)))
    if far:
        yield f"In {far:,} pairs one text has {_FAR:g} times as many words as the other, or more: look at them."
    if pairs.synthetic:
        yield "The data are synthetic: results on them say nothing about the world."
