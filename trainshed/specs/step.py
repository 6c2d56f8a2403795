"""What all preprocessing steps share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from trainshed.specs.base import SpecModel

ColumnName = Annotated[str, Field(min_length=1, max_length=255)]
ColumnNames = Annotated[tuple[ColumnName, ...], Field(max_length=16_384)]


class Step(SpecModel):
    """Base of all steps."""

    takes: ClassVar[frozenset[str]] = frozenset({"images", "pictures with boxes"})
    """What it is for: of these, what a family takes (`trainshed.specs.model.Takes`)."""
    augments: ClassVar[bool] = False
    """Whether the step runs in training only."""

    @property
    def named_columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return getattr(self, "columns", None) or ()


class Augmenting(Step):
    """Base of the steps that run in training only."""

    augments: ClassVar[bool] = True
