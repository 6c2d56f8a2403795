"""What all preprocessing steps share."""

from __future__ import annotations

from typing import ClassVar

from trainshed.specs.base import SpecModel


class Step(SpecModel):
    """Base of all steps."""

    augments: ClassVar[bool] = False
    """Whether the step runs in training only."""


class Augmenting(Step):
    """Base of the steps that run in training only."""

    augments: ClassVar[bool] = True
