"""The model card as data, `model.json`: what the model is, what it was trained on, and how to make it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.errors import InvalidData
from ml.training.epoch import Epoch
from trainshed.specs import Clean, Columns, Data, Pictures, SpecModel, Split
from trainshed.specs.model import Family
from trainshed.specs.preprocess import AnyStep

FILE_NAME = "model.json"

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class TrainedOn(SpecModel):
    """The data of a model."""

    source: str
    """`builtin/...`, an uploaded version such as `faces@2`, or an absolute path."""
    digest: _Digest
    """SHA-256 of the content."""
    split: Split
    """How it was divided."""
    parts_digest: _Digest
    """SHA-256 of the rows of each part."""
    counts: dict[str, int]
    """Examples in train, validation and test."""
    train_class_counts: tuple[int, ...] = ()
    """Examples of each class in train, where there are classes."""
    provenance: str
    licence: str
    synthetic: bool
    format: str = "builtin"
    """How it was stored."""
    images: Pictures | None = None
    """How picture files were decoded."""
    columns: Columns | None = None
    """What the columns of a table were said to be."""
    clean: Clean = Clean()
    """How it was cleaned."""
    dropped: dict[str, int] = Field(default_factory=dict)
    """Examples that cleaning took out, by why."""
    findings: tuple[str, ...] = ()
    """What is wrong with it, in words."""

    def as_data(self) -> Data:
        """Return the same as a spec says it."""
        path, dataset = (self.source, None) if self.source.startswith("/") else (None, self.source)
        return Data(
            path=path, dataset=dataset, split=self.split, images=self.images, columns=self.columns, clean=self.clean
        )


class Card(SpecModel):
    """One trained model of any family; `model.keras` is beside it."""

    format_version: Literal[1] = 1
    name: str
    family: str
    preset: str
    input_shape: tuple[int | None, ...]
    """Of one example as `model.keras` takes it; None is any length."""
    data: TrainedOn
    spec: dict[str, Any]
    """The job spec with its defaults filled in."""
    seed: int
    threads: int
    versions: dict[str, str]
    history: tuple[Epoch, ...]
    exported_epoch: int
    """Number of the epoch whose weights these are."""
    metrics: dict[str, float]
    """Of that epoch, on train and validation. The test part has not been looked at."""
    parameters: int
    """Numbers in the network."""
    tuned: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Batch size, learning rate, feeding and steps a call, as they were given or chosen."""
    weights_sha256: _Digest

    def learned(self) -> dict[str, Any]:
        """Return what the answers are about, for the facts of the job."""
        return {}


class ClassifierCard(Card):
    """A classifier; `model.keras` gives one logit a class."""

    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    """Names in the order of the logits."""

    def learned(self) -> dict[str, Any]:
        return {"classes": list(self.classes)}


class ModelCard(ClassifierCard):
    """An image classifier; it takes raw images."""

    family: Literal["image_classifier"]
    input_shape: tuple[int, int, int]
    """Height, width and channels of a raw image."""
    preprocess: tuple[AnyStep, ...]
    """Steps that are part of the saved model."""


class _Head(BaseModel):
    model_config = ConfigDict(strict=True)

    format_version: Literal[1]
    family: Family


_Card = TypeVar("_Card", bound=BaseModel)


def family_of(path: Path) -> str:
    """Return the family of the model that a card is of. Raises `InvalidData`."""
    return read_card(path, _Head).family


def read_card(path: Path, form: type[_Card]) -> _Card:
    """Read `model.json` as the card of a family. Raises `InvalidData`."""
    remedy = "Only models that a train job of Trainshed made can be evaluated."
    try:
        return form.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidData(f"{path.name} cannot be read: {error.strerror}.", remedy=remedy, path=path.name) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InvalidData(
            f"{path.name} is no model card of format 1: {place}: {first['msg']}.", remedy=remedy, path=path.name
        ) from error
