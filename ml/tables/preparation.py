"""From a table to the numbers that a network takes: steps and encoding, fitted on the train part, kept on the card.

`encoder(card, table)` is the one way to them after training: evaluation and prediction take it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from ml.errors import InvalidData
from ml.tables.encoding import Encoding, encode, fit_encoding, refuse_missing_numbers
from ml.tables.frame import Columned, Frame, Rows
from ml.tables.steps import FITS, AnyFitted
from ml.tables.steps.past import PastSeen
from ml.tables.table import Numbers
from trainshed.specs import SpecModel, Step
from trainshed.specs.preprocess import name_of

Missing = Literal["median", "mean", "refuse"]
Encoder = Callable[[Rows], npt.NDArray[np.float32]]
"""From row numbers of a table to the rows as a network takes them, (n, features)."""


class ReadColumn(SpecModel):
    """A column of the data, and what it is of."""

    name: str
    column: Literal["number", "category"]


class Prepares(Protocol):
    """A card that says how rows are prepared."""

    @property
    def reads(self) -> tuple[ReadColumn, ...]: ...
    @property
    def steps(self) -> tuple[AnyFitted, ...]: ...
    @property
    def encoding(self) -> Encoding: ...


@dataclass(frozen=True, slots=True, eq=False)
class FittedSteps:
    """Steps after they were fitted."""

    steps: tuple[AnyFitted, ...]
    train: Frame
    """The train part as they make it."""
    kept: Rows
    """Which rows of the table those are: the train part without what a step left out."""
    left_out: Mapping[str, int]
    """Rows that a step left out, by its name."""


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """All that lies between a table and a network. It `Prepares`."""

    reads: tuple[ReadColumn, ...]
    """The columns of the table, where there are steps."""
    steps: tuple[AnyFitted, ...]
    encoding: Encoding
    train: npt.NDArray[np.float32]
    """The rows that are trained on, (n, features)."""
    kept: Rows
    """Which rows of the table those are."""
    left_out: Mapping[str, int]
    """Rows that a step left out, by its name."""


def fit_preparation(table: Columned, train: Rows, steps: Sequence[Step], *, missing: Missing) -> Preparation:
    """Fit on the rows `train` alone: a step is given no others. Raises `InvalidData`."""
    fitted = fit_steps(table, train, steps)
    if missing == "refuse":
        refuse_missing_numbers(applied(fitted.steps, Frame.of(table)))
    every = np.arange(fitted.train.rows, dtype=np.int64)
    encoding = fit_encoding(fitted.train, every, missing=missing)
    return Preparation(
        reads=_read_columns(table) if fitted.steps else (),
        steps=fitted.steps,
        encoding=encoding,
        train=encode(encoding, fitted.train, every),
        kept=fitted.kept,
        left_out=fitted.left_out,
    )


def fit_steps(table: Columned, train: Rows, steps: Sequence[Step]) -> FittedSteps:
    """Fit those of the steps that are kept with a model, each on what those before it make of the train part."""
    frame, kept = Frame.of(table).take(train), train
    fitted: list[AnyFitted] = []
    left_out: Counter[str] = Counter()
    for step in (step for step in steps if not step.augments):
        one = _fitted(step, frame)
        stays = one.kept(frame)
        if not stays.all():
            left_out[name_of(type(step))] += int(np.count_nonzero(~stays))
            frame, kept = frame.take(stays), kept[stays]
        _refuse_nothing_left(step, frame)
        frame = one.apply(frame)
        fitted.append(one)
    return FittedSteps(tuple(fitted), frame, kept, dict(left_out))


def looks_at_other_rows(steps: Sequence[AnyFitted]) -> bool:
    """Whether what a row becomes depends on other rows: then all of them must be there at once."""
    return any(isinstance(step, PastSeen) for step in steps)


def columns_read(card: Prepares) -> tuple[ReadColumn, ...]:
    """Return the columns that a table must have for the model of a card."""
    return card.reads or tuple(ReadColumn(name=one.name, column=one.column) for one in card.encoding)


def applied(steps: Sequence[AnyFitted], frame: Frame) -> Frame:
    """Return rows as fitted steps make them; none is left out. Raises `InvalidData` for other columns."""
    for step in steps:
        frame = step.apply(frame)
    return frame


def encoder(card: Prepares, table: Columned) -> Encoder:
    """Return what gives rows of `table` as the model of a card takes them: the same numbers at any time.

    Raises `InvalidData` for a table without the columns that the model needs.
    """
    frame = applied(card.steps, Frame.of(table))
    return lambda rows: encode(card.encoding, frame, rows)


def _read_columns(table: Columned) -> tuple[ReadColumn, ...]:
    return tuple(
        ReadColumn(name=column.name, column="number" if isinstance(column, Numbers) else "category")
        for column in table.columns
    )


def _fitted(step: Step, frame: Frame) -> AnyFitted:
    try:
        return FITS[type(step)](step, frame)
    except ValidationError as error:  # what is fitted must be finite numbers
        raise InvalidData(
            f"{frame.source}: the step {name_of(type(step))} comes to a number that is not finite.",
            remedy="A column holds numbers too large to reckon with; use log_scale before it.",
            path=frame.source,
            field="preprocess",
        ) from error


def _refuse_nothing_left(step: Step, frame: Frame) -> None:
    if frame.rows == 0:
        raise InvalidData(
            f"{frame.source}: the step {name_of(type(step))} leaves no row of the train part.",
            remedy="Name fewer columns in it, or use what keeps rows: fill_missing with median, outliers with clip.",
            path=frame.source,
            field="preprocess",
        )
