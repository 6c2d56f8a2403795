"""`model:` of a train spec: one class a family. Each class has exactly one folder in `ml.families`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Discriminator, Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.base import SpecModel
from trainshed.specs.evaluate import ModelOfJob

Family = Literal[
    "image_classifier",
    "tabular_classifier",
    "tabular_regressor",
    "text_classifier",
    "forecaster",
    "object_detector",
    "recommender",
    "translator",
]
"""The families there are."""

Takes = Literal["images", "a table", "texts", "series", "pictures with boxes", "ratings", "pairs of texts"]
"""What the examples of a family are."""

_OF_TABLES: Final = frozenset({"names", "label", "ignore", "categories", "missing", "split"})

Learns = Literal["classes", "quantities", "boxes", "sequences"]
"""What a family answers: it decides which fields of a recipe have a meaning."""

Dropout = Annotated[float, Field(ge=0, lt=1)]


class ImageClassifier(SpecModel):
    """Tells images apart."""

    takes: ClassVar[Takes] = "images"
    columns: ClassVar[frozenset[str]] = frozenset()
    learns: ClassVar[Learns] = "classes"

    family: Literal["image_classifier"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["cnn_small", "cnn_bn", "resnet_small"] = "cnn_small"
    """Architecture. `cnn_small`: Conv32-Pool-Conv64-Pool-Conv64-Flatten-Dense64-Dense(classes). `cnn_bn`: the same with
    batch normalisation, padding and dropout. `resnet_small`: three stages of residual blocks, 32-64-128."""
    dropout: Dropout | None = None
    """Share of the numbers before the last layers that each step leaves out. Default: cnn_bn 0.3, others none."""
    init_from: ModelOfJob | None = None
    """Begin with the weights of a train job with the same preset. Layers whose shape differs begin anew, and so does
    the last one when the classes differ."""


class TabularClassifier(SpecModel):
    """Tells the rows of a table apart; with `positive`, how likely each is of the class that must not be missed."""

    takes: ClassVar[Takes] = "a table"
    columns: ClassVar[frozenset[str]] = _OF_TABLES
    learns: ClassVar[Learns] = "classes"

    family: Literal["tabular_classifier"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["mlp_small", "mlp_residual"] = "mlp_small"
    """Architecture. `mlp_small`: Dense64-Dense32-Dense(classes). `mlp_residual`: Dense128 and three residual blocks
    with layer normalisation."""
    dropout: Dropout | None = None
    """Share of the numbers before each dense layer that each step leaves out. Default: 0.1, mlp_residual 0.2."""
    positive: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Of two classes, the one that must not be missed, for example an illness."""
    recall: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of the positive class to find. The answer is `positive` from the highest probability on at which the
    validation part reaches it. Default: the likelier class is the answer."""

    @model_validator(mode="after")
    def _name_the_class_to_find(self) -> TabularClassifier:
        if self.recall is not None and self.positive is None:
            raise PydanticCustomError("recall", "recall is the share of a class to find: name that class as positive")
        return self


class TabularRegressor(SpecModel):
    """Predicts a quantity, such as a price or a duration, from the other columns of a table."""

    takes: ClassVar[Takes] = "a table"
    columns: ClassVar[frozenset[str]] = _OF_TABLES
    learns: ClassVar[Learns] = "quantities"

    family: Literal["tabular_regressor"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["mlp_small", "mlp_residual"] = "mlp_small"
    """Architecture. `mlp_small`: Dense64-Dense32-Dense1. `mlp_residual`: Dense128 and three residual blocks with layer
    normalisation."""
    dropout: Dropout | None = None
    """Share of the numbers before each dense layer that each step leaves out. Default: 0.1, mlp_residual 0.2."""


class TextClassifier(SpecModel):
    """Tells texts apart: what they are about, or whether they speak well or ill of it."""

    takes: ClassVar[Takes] = "texts"
    columns: ClassVar[frozenset[str]] = frozenset({"names", "label", "text", "split"})
    learns: ClassVar[Learns] = "classes"

    family: Literal["text_classifier"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["ngram_mean", "text_cnn"] = "ngram_mean"
    """Architecture. `ngram_mean`: the mean over embeddings of words and of pairs of words, then Dense(classes).
    `text_cnn`: convolutions over 2, 3 and 4 embedded words, of each the maximum, then Dense(classes)."""
    dropout: Dropout | None = None
    """Share of the numbers that each step leaves out. Default: 0.5."""
    vocabulary: Annotated[int, Field(ge=10, le=200_000)] = 20_000
    """Words, or with `ngram_mean` words and pairs of words, that are told apart: the most frequent of the train part,
    of those that are in it twice. All others are one."""
    length: Annotated[int, Field(ge=4, le=4096)] = 256
    """Words of a text that are looked at. Shorter where almost all texts of the train part are."""


class Forecaster(SpecModel):
    """Forecasts how series go on, from how they went: sales, prices, loads. One model for all series of the data."""

    takes: ClassVar[Takes] = "series"
    columns: ClassVar[frozenset[str]] = frozenset({"names", "label", "time", "series"})
    learns: ClassVar[Learns] = "quantities"

    family: Literal["forecaster"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["mlp_small", "mlp_residual"] = "mlp_small"
    """Architecture over the window. `mlp_small`: two dense layers. `mlp_residual`: three residual blocks."""
    dropout: Dropout | None = None
    """Share of the numbers before each dense layer that each step leaves out. Default: 0.1, mlp_residual 0.2."""
    horizon: Annotated[int, Field(ge=1, le=1000)] = 6
    """How many steps ahead."""
    window: Annotated[int, Field(ge=2, le=10_000)] = 36
    """How many of the last values are looked at."""
    season: Annotated[int, Field(ge=1, le=1000)] = 1
    """Steps after which a series repeats itself, for example 12 for months. What it was one season ago is the forecast
    that the model corrects, and that it is compared with. 1: it does not, and that forecast is the last value."""
    scale: Literal["plain", "log"] = "plain"
    """`log` for values above 0 that grow by shares, such as turnover."""
    coverage: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Share of the truths that shall lie within the interval of a forecast."""

    @model_validator(mode="after")
    def _see_a_season(self) -> Forecaster:
        if self.window <= self.season:
            raise PydanticCustomError("window", "window must be longer than season, or the season cannot be seen")
        return self


class ObjectDetector(SpecModel):
    """Finds what is on a picture: a box around each thing, and what it is."""

    takes: ClassVar[Takes] = "pictures with boxes"
    columns: ClassVar[frozenset[str]] = frozenset()
    learns: ClassVar[Learns] = "boxes"

    family: Literal["object_detector"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["center_small", "center_strong"] = "center_small"
    """Architecture. Both find the middles of things on a map of one cell for 4x4 pixels. `center_small`: one residual
    block at a quarter and one at an eighth of the size. `center_strong`: wider, two blocks each, and down to a
    sixteenth."""
    dropout: Dropout | None = None
    """Share of the numbers before the last layers that each step leaves out. Default: none."""


class Recommender(SpecModel):
    """Says how users would rate items, or which items each of them would choose next."""

    takes: ClassVar[Takes] = "ratings"
    columns: ClassVar[frozenset[str]] = frozenset({"names", "label", "user", "item", "time"})
    learns: ClassVar[Learns] = "quantities"

    family: Literal["recommender"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["mf_small", "mf_history"] = "mf_small"
    """Architecture. `mf_small`: a vector and a bias for each user and each item. `mf_history`: a user is also, or for
    `implicit` only, what he or she has chosen before."""
    feedback: Literal["explicit", "implicit"] = "explicit"
    """`explicit`: learn the rating of each row. `implicit`: learn that the user chose the item, whatever the rating."""
    factors: Annotated[int, Field(ge=1, le=1024)] = 16
    """Numbers in the vector of a user or an item."""
    penalty: Annotated[float, Field(ge=0, le=10)] = 0.02
    """Of `explicit`: weight of the squares of vectors and biases in the loss of each rating. More of it keeps users and
    items of few ratings nearer to the mean."""
    dropout: Dropout | None = None
    """Share of the numbers of a user's vector that each step leaves out. Default: none."""


class Translator(SpecModel):
    """Turns a text into another: from one language to another, or from one form to another."""

    takes: ClassVar[Takes] = "pairs of texts"
    columns: ClassVar[frozenset[str]] = frozenset({"names", "source", "target"})
    learns: ClassVar[Learns] = "sequences"

    family: Literal["translator"]
    """The family of models; it also fixes loss and metrics."""
    preset: Literal["transformer_small", "transformer_base"] = "transformer_small"
    """Architecture, a transformer. `transformer_small`: two layers each of encoder and decoder, of width 128.
    `transformer_base`: three of width 256."""
    dropout: Dropout | None = None
    """Share of the numbers after each layer that each step leaves out. Default: 0.1, transformer_base 0.2."""
    vocabulary: Annotated[int, Field(ge=32, le=100_000)] = 4000
    """Parts of words, of both languages together, that texts are made of: learned on the train part."""
    length: Annotated[int, Field(ge=4, le=1024)] = 64
    """Parts of words that a text has at most. Longer pairs are left out of training and counted; longer texts are cut
    when they are translated."""
    beam: Annotated[int, Field(ge=1, le=32)] = 4
    """Translations that are followed at a time, of which the likeliest is the answer. 1: the likeliest part of a word,
    one after the other."""


_Model = (
    ImageClassifier
    | TabularClassifier
    | TabularRegressor
    | TextClassifier
    | Forecaster
    | ObjectDetector
    | Recommender
    | Translator
)
AnyModel = Annotated[_Model, Discriminator("family")]
FAMILIES: tuple[type[_Model], ...] = (
    ImageClassifier,
    TabularClassifier,
    TabularRegressor,
    TextClassifier,
    Forecaster,
    ObjectDetector,
    Recommender,
    Translator,
)
