"""`kind: preprocess`: run steps over a dataset, and make a new version of one."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.base import RESERVED_DATASETS, Name, SpecModel
from trainshed.specs.common import BaseSpec
from trainshed.specs.data import Data
from trainshed.specs.preprocess import AnyStep, name_of

_PREPARER: Final = 1
"""Raised whenever the same data and steps would become something else."""
_FORMS: Final = ("images", "a table", "texts")


class Output(SpecModel):
    """Where the result goes."""

    dataset: Name
    """The dataset that gets the new version; it is made where there is none of that name."""

    @field_validator("dataset")
    @classmethod
    def _refuse_what_is_shipped(cls, name: str) -> str:
        if name in RESERVED_DATASETS:
            raise PydanticCustomError(
                "reserved", "{name}/... are datasets that come with a worker; choose another name", {"name": name}
            )
        return name


class PreprocessSpec(BaseSpec):
    """Run steps over data and keep what comes out as a version of a dataset: a .csv file, of images an .npz file.

    Steps are fitted on the train part of `data.split`, and the version says of each row which part it is of, so that a
    training on it divides it the same way. The same steps over the same data are run once: a second job ends with the
    version that the first one made.
    """

    kind: Literal["preprocess"]
    name: Name = "preprocess"
    """A name for people. It need not be unique."""
    data: Data
    """What to prepare. `data.clean` is done before it is divided."""
    preprocess: Annotated[tuple[AnyStep, ...], Field(max_length=64)] = ()
    """Steps, in order. Those that augment run in training only, and have no place here."""
    output: Output
    """The dataset that it becomes a version of."""

    @model_validator(mode="after")
    def _refuse_what_makes_no_data(self) -> PreprocessSpec:
        for place, step in enumerate(self.preprocess):
            if step.augments:
                raise PydanticCustomError(
                    "augments",
                    "preprocess[{place}]: {step} runs in training only; put it into the train job",
                    {"place": place, "step": name_of(type(step))},
                )
        if not self.forms:
            named = ", ".join(
                f"{name_of(type(step))} is for {' or '.join(sorted(step.takes))}" for step in self.preprocess
            )
            raise PydanticCustomError("step", "no data fits all steps: {named}", {"named": named})
        if not self.preprocess and self.data.clean == type(self.data.clean)():
            raise PydanticCustomError("nothing", "give at least one step, or say in data.clean what is to be left out")
        return self

    @property
    def forms(self) -> tuple[str, ...]:
        """What the data may be, so that all steps fit."""
        return tuple(form for form in _FORMS if all(form in step.takes for step in self.preprocess))

    @property
    def steps_sha256(self) -> str:
        """SHA-256 of all that decides what comes out of given data, in hexadecimal."""
        said: dict[str, Any] = {
            "preparer": _PREPARER,
            "data": self.data.model_dump(mode="json", exclude={"dataset", "path"}),
            "preprocess": [step.model_dump(mode="json") for step in self.preprocess],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
