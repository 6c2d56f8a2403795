"""`kind: predict`: answer with a trained model for data whose answers nobody knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.common import BaseSpec, ModelSource, SplitName
from trainshed.specs.data import Data
from trainshed.specs.evaluate import ModelOfJob
from trainshed.specs.step import ColumnNames

OutputFormat = Literal["csv", "jsonl", "parquet"]
"""Forms of a table of predictions, each the ending of its file."""


class PredictSpec(BaseSpec):
    """Answer for each row of data: the file predictions.csv, predictions.jsonl or predictions.parquet."""

    kind: Literal["predict"]
    model: ModelOfJob
    """The model that answers."""
    data: Data | None = None
    """What to answer for; labels are not needed, and columns may be in any order. It is prepared as the data of the
    train job was. May be left out with `split`: then it is that data."""
    split: SplitName | None = None
    """Answer for one share of data with labels alone, divided as an evaluation divides it. Default: all rows."""
    format: OutputFormat = "csv"
    """How the predictions are written."""
    keep: ColumnNames = ()
    """Columns of the data that are copied beside the predictions, such as identifiers. The number of the row is always
    there."""
    probabilities: Literal["all", "prediction"] = "all"
    """Of classifiers: the probability of each class, or that of the prediction alone."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    """Rows a step."""

    @model_validator(mode="after")
    def _name_rows(self) -> PredictSpec:
        if self.data is None and self.split is None:
            raise PydanticCustomError(
                "data_or_split", "give data to answer for, or a split of the data that the model was trained on"
            )
        return self

    @property
    def model_source(self) -> ModelSource:
        return ModelSource("model.job", self.model.job)
