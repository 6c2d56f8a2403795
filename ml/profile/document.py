"""`profile.json`, format 1. Fields are added in later versions, never renamed."""

from __future__ import annotations

from typing import Final, Literal

from trainshed.specs import SpecModel

FILE_NAME: Final = "profile.json"
MOST_FIELDS: Final = 200
MOST_CLASSES: Final = 200
MOST_ROWS_SHOWN: Final = 10
MOST_COLUMNS_SHOWN: Final = 30
NO_SPLIT: Final = "none of its own: each job divides it as its data.split says"
MOST_PREVIEW_BYTES: Final = 96 << 10
"""The whole document is kept with the version of the dataset, and that has room for 256 KiB."""
_LONGEST_NAME: Final = 100


class FieldProfile(SpecModel):
    """One array of an .npz file, or one column of a .csv file."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As numpy names it; for a column `integer`, `number` or `text`."""
    missing: int
    """Values that are not there: NaN, or an empty field."""
    infinite: int = 0
    minimum: float | None = None
    """Least value that is there and finite."""
    maximum: float | None = None
    mean: float | None = None
    constant_columns: int = 0
    """How many of its columns (the places of one example) have the same value in every row."""
    different: int | None = None
    """Different values of a column. None: more than 1,000, or an array."""
    most_common: str | None = None
    """The most frequent value of a column."""
    most_common_count: int | None = None
    """Rows that have it."""


class ClassCount(SpecModel):
    """How often one class occurs."""

    label: str
    count: int


class LabelProfile(SpecModel):
    """The classes of the data."""

    field: str
    class_count: int
    classes: tuple[ClassCount, ...]
    """The first `MOST_CLASSES` of them, in order."""


class PartProfile(SpecModel):
    """A part: all that can be divided is `train`."""

    name: str
    rows: int
    class_counts: tuple[int, ...] = ()
    """Of images: rows of each class, in the order of the classes."""


class PictureFile(SpecModel):
    """A contact sheet among the artifacts of the job."""

    label: str
    path: str


class RatingCount(SpecModel):
    """How often a rating was given."""

    rating: float
    """Where there are more than twenty different ones: the lower end of one of twenty equal ranges."""
    count: int


class Spread(SpecModel):
    """How counts are spread."""

    least: int
    median: float
    most: int


class RatingsProfile(SpecModel):
    """What a recommender would find."""

    users: int
    items: int
    density: float
    """Share of all pairs of a user and an item that have a row."""
    per_user: Spread
    """Rows."""
    per_item: Spread
    has_times: bool
    values: tuple[RatingCount, ...]
    """Ascending. Empty: there are no ratings, and a row says that a user chose an item."""


class PairsProfile(SpecModel):
    """What a translator would find."""

    pairs: int
    """With different sources."""
    source_words: Spread
    target_words: Spread
    same: int
    """Pairs of two texts that are the same."""
    repeated: int
    """Rows that are left out, because an earlier one has the same source."""


class ProfileDocument(SpecModel):
    """What a profile job found."""

    format_version: Literal[1] = 1
    source: str
    """As the spec names it."""
    format: str
    """`npz`, `csv`, `idx`, `cifar10-binary`, ...; `builtin` for a dataset that comes with Trainshed."""
    provenance: str | None = None
    """Where the data come from."""
    licence: str = "not stated"
    synthetic: bool = False
    """Whether a program made them up."""
    split_rule: str = NO_SPLIT
    """What is held out."""
    size: int | None
    """Bytes of the file."""
    rows: int
    fields: tuple[FieldProfile, ...]
    """The first `MOST_FIELDS` of them."""
    field_count: int
    labels: LabelProfile | None
    duplicates: int | None
    """Rows that are exact copies of an earlier one. None: too many rows to tell."""
    parts: tuple[PartProfile, ...] = ()
    """Of images, and of a table that holds some out. Empty: there is nothing that could be trained on, or one part."""
    constant_images: int = 0
    """Images of one colour."""
    copies_across_parts: int = 0
    """Held-out images and rows that are in an earlier part, too."""
    pictures: tuple[PictureFile, ...] = ()
    """Contact sheets, PNG, one a class."""
    first_rows: tuple[tuple[str, ...], ...] = ()
    """Of a table: the first `MOST_ROWS_SHOWN` rows, in the order of the first `MOST_COLUMNS_SHOWN` fields."""
    preview: str | None = None
    """A PNG in base64 with some images of the first classes. None: there are no images, or it is too large."""
    ratings: RatingsProfile | None = None
    """Of a file with users and items."""
    pairs: PairsProfile | None = None
    """Of texts with a source and a target each."""
    problems: tuple[str, ...]
    """What is wrong, in words. Empty: nothing was found."""


def as_name(text: str) -> str:
    """Return a name from the data as it may be shown and stored."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return printable if len(printable) <= _LONGEST_NAME else printable[: _LONGEST_NAME - 1] + "…"
