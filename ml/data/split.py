"""Divides examples into train, validation and test: a pure function of labels, shares and seed.

- Stratified: the rows of each class are shuffled by `PCG64([seed, class])`. The first `n * test` of them, rounded, are
  test, the next `n * validation` are validation, the rest is train. A share above 0 gets at least one example a class.
- Not stratified: the same once over all rows, shuffled by `PCG64([seed])`.
- Data with a test part of its own keeps it, and `split.test` has no effect; the same holds for validation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Labels
from ml.errors import InvalidData
from trainshed.specs import Split

Rows = npt.NDArray[np.int64]


class Described(Protocol):
    """The facts of data that go on a model's card. `Dataset` says what each is."""

    @property
    def source(self) -> str: ...
    @property
    def provenance(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def synthetic(self) -> bool: ...
    @property
    def dropped(self) -> Mapping[str, int]: ...
    @property
    def format(self) -> str: ...
    @property
    def digest(self) -> str: ...


class HoldsOut(Protocol):
    """Examples in the order train, validation, test, where the data says itself which is which."""

    @property
    def own_validation_from(self) -> int | None: ...
    @property
    def own_test_from(self) -> int | None: ...
    @property
    def held_out_from(self) -> int | None: ...


class Labelled(Described, HoldsOut, Protocol):
    """Examples of any kind with a class each."""

    @property
    def labels(self) -> Labels: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Row numbers of each part, ascending. Each row is in one part."""

    train: Rows
    validation: Rows
    test: Rows

    def rows(self, name: str) -> Rows:
        """Return the rows of one part by its name, or of `all`."""
        if name == "all":
            return np.sort(np.concatenate([self.train, self.validation, self.test]))
        part: Rows = {"train": self.train, "validation": self.validation, "test": self.test}[name]
        return part

    @property
    def counts(self) -> dict[str, int]:
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @property
    def digest(self) -> str:
        """SHA-256 over the three lists of rows, in hexadecimal."""
        digest = hashlib.sha256()
        for rows in (self.train, self.validation, self.test):
            digest.update(f"{len(rows)}\n".encode())
            digest.update(rows.astype("<i8").tobytes())
        return digest.hexdigest()


def divide(dataset: Labelled, split: Split) -> Parts:
    """Divide the rows of `dataset`. Raises `InvalidData` when a part or a class would come out empty."""
    drawn_from = dataset.labels[: dataset.held_out_from]
    own_validation, own_test = _own_parts(len(dataset.labels), dataset)
    drawn = _drawn(split, dataset)
    parts = _stratified(drawn_from, dataset, drawn) if split.stratify else _plain(len(drawn_from), drawn)
    train, validation, test = (np.sort(rows) for rows in parts)
    _refuse_untrained_class(dataset, train)
    return Parts(train, np.concatenate([validation, own_validation]), np.concatenate([test, own_test]))


def divide_evenly(count: int, split: Split, held_out: HoldsOut) -> Parts:
    """Divide so many rows that have no classes. Raises `InvalidData` when a part would come out empty."""
    own_validation, own_test = _own_parts(count, held_out)
    drawn_from = count if held_out.held_out_from is None else held_out.held_out_from
    train, validation, test = (np.sort(rows) for rows in _plain(drawn_from, _drawn(split, held_out)))
    return Parts(train, np.concatenate([validation, own_validation]), np.concatenate([test, own_test]))


def divide_count(count: int, split: Split) -> Parts:
    """Divide so many rows, none of which is of a part yet. Raises `InvalidData` when a part would come out empty."""
    return Parts(*(np.sort(rows) for rows in _plain(count, split)))


def _drawn(split: Split, dataset: HoldsOut) -> Split:
    """Return the shares that are left to be drawn."""
    return split.model_copy(
        update={
            "validation": split.validation if dataset.own_validation_from is None else 0.0,
            "test": split.test if dataset.own_test_from is None else 0.0,
        }
    )


def _own_parts(count: int, dataset: HoldsOut) -> tuple[Rows, Rows]:
    """Return the rows that the data itself holds out for validation and for testing."""
    rows = np.arange(count, dtype=np.int64)
    test = rows[:0] if dataset.own_test_from is None else rows[dataset.own_test_from :]
    if dataset.own_validation_from is None:
        return rows[:0], test
    return rows[dataset.own_validation_from : dataset.own_test_from], test


def _stratified(labels: Labels, dataset: Labelled, split: Split) -> tuple[Rows, Rows, Rows]:
    by_class = []
    for number, name in enumerate(dataset.class_names):
        rows = np.flatnonzero(labels == number)
        counts = _counts(len(rows), split.validation, split.test)
        if counts is None:
            raise InvalidData(
                f"Class {name} has {_examples(len(rows))}, too few to put some in each of the shares"
                f" ({_shares(split)}).",
                remedy="Add examples of it, change data.split, or set data.split.stratify to false.",
                field="data.split",
            )
        by_class.append(_cut(_shuffled(rows, [split.seed, number]), *counts))
    train, validation, test = (np.concatenate(pieces) for pieces in zip(*by_class, strict=True))
    return train, validation, test


def _plain(n: int, split: Split) -> tuple[Rows, Rows, Rows]:
    counts = _counts(n, split.validation, split.test)
    if counts is None:
        raise InvalidData(
            f"{_examples(n).capitalize()} cannot fill each of the shares ({_shares(split)}).",
            remedy="Add examples or change data.split.",
            field="data.split",
        )
    return _cut(_shuffled(np.arange(n), [split.seed]), *counts)


def _counts(n: int, validation_share: float, test_share: float) -> tuple[int, int] | None:
    """Return how many of `n` rows are validation and test, or None when some share would stay empty."""
    validation, test = (max(1, int(n * share + 0.5)) if share else 0 for share in (validation_share, test_share))
    return (validation, test) if validation + test < n else None


def _cut(rows: Rows, validation: int, test: int) -> tuple[Rows, Rows, Rows]:
    return rows[test + validation :], rows[test : test + validation], rows[:test]


def _shuffled(rows: npt.NDArray[np.integer], seed: list[int]) -> Rows:
    return np.random.Generator(np.random.PCG64(seed)).permutation(rows.astype(np.int64))


def _refuse_untrained_class(dataset: Labelled, train: Rows) -> None:
    members = np.bincount(dataset.labels[train], minlength=len(dataset.class_names))
    missing = np.flatnonzero(members == 0)
    if missing.size:
        raise InvalidData(
            f"Class {dataset.class_names[missing[0]]} has no example in the train part.",
            remedy="Set data.split.stratify to true, or choose another data.split.seed.",
            field="data.split",
        )


def _shares(split: Split) -> str:
    shares = {"validation": split.validation, "test": split.test}
    return ", ".join(["train", *(f"{name} {share:g}" for name, share in shares.items() if share)])


def _examples(count: int) -> str:
    return "1 example" if count == 1 else f"{count} examples"
