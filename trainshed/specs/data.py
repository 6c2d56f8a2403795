"""Where examples come from and how they are divided."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.base import ABSOLUTE_PATH, DATASET, SpecModel


class Split(SpecModel):
    """Shares of the examples. Used where the data has no division of its own; each share is drawn by seed."""

    validation: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share that training is watched on."""
    test: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share that only evaluation sees."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the draw."""
    stratify: bool = True
    """Keep the proportions of the classes in each share."""

    @model_validator(mode="after")
    def _leave_some_for_training(self) -> Split:
        if self.validation + self.test >= 1:
            raise PydanticCustomError("split", "validation + test must be less than 1, or nothing is left to train on")
        return self


class Data(SpecModel):
    """A dataset by name, or a file on the worker by path. Exactly one of the two."""

    dataset: Annotated[str, Field(max_length=255, pattern=DATASET)] | None = None
    """An uploaded dataset, `faces@2`, or `faces` for its newest version, which the submit writes into the spec. Or one
    that comes with Trainshed: `builtin/digits`, 1,797 real handwritten digits of 8x8 pixels that scikit-learn ships."""
    path: Annotated[str, Field(min_length=1, max_length=4096, pattern=ABSOLUTE_PATH)] | None = None
    """An absolute path below TRAINSHED_DATA_ROOTS of an .npz file (x, y or x_train, y_train, x_test, y_test), or of a
    .csv file (a row of pixels and a label in each line)."""
    split: Split = Split()
    """How the examples are divided."""

    @model_validator(mode="after")
    def _name_one_source(self) -> Data:
        if (self.dataset is None) == (self.path is None):
            raise PydanticCustomError("data_source", "give either dataset or path")
        return self
