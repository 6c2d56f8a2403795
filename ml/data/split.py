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
from ml.data.own_parts import OwnParts
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


class Labelled(Described, Protocol):
    """Examples of any kind with a class each."""

    @property
    def labels(self) -> Labels: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def own_parts(self) -> OwnParts: ...


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
    own = dataset.own_parts
    drawn = _drawn(split, own)
    parts = _stratified(dataset, own.train, drawn) if split.stratify else _plain(own.train, drawn)
    divided = _with_own(parts, own)
    _refuse_untrained_class(dataset, divided.train)
    return divided


def divide_evenly(own: OwnParts, split: Split) -> Parts:
    """Divide rows that have no classes. Raises `InvalidData` when a part would come out empty."""
    return _with_own(_plain(own.train, _drawn(split, own)), own)


def _drawn(split: Split, own: OwnParts) -> Split:
    """Return the shares that are still to be drawn: none of what the data itself holds out."""
    return split.model_copy(
        update={
            "validation": 0.0 if len(own.validation) else split.validation,
            "test": 0.0 if len(own.test) else split.test,
        }
    )


def _with_own(drawn: tuple[Rows, Rows, Rows], own: OwnParts) -> Parts:
    train, validation, test = (np.sort(rows) for rows in drawn)
    return Parts(train, np.concatenate([validation, own.validation]), np.concatenate([test, own.test]))


def _stratified(dataset: Labelled, free: Rows, split: Split) -> tuple[Rows, Rows, Rows]:
    by_class = []
    labels = dataset.labels[free]
    for number, name in enumerate(dataset.class_names):
        rows = free[labels == number]
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


def _plain(free: Rows, split: Split) -> tuple[Rows, Rows, Rows]:
    counts = _counts(len(free), split.validation, split.test)
    if counts is None:
        raise InvalidData(
            f"{_examples(len(free)).capitalize()} cannot fill each of the shares ({_shares(split)}).",
            remedy="Add examples or change data.split.",
            field="data.split",
        )
    return _cut(_shuffled(free, [split.seed]), *counts)


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
