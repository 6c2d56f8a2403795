"""Where examples come from and how they are divided."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.base import ABSOLUTE_PATH, DATASET, SpecModel
from trainshed.specs.step import ColumnName, ColumnNames


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


class Pictures(SpecModel):
    """What picture files become when they are decoded. Needed where they differ in size or colours."""

    height: Annotated[int, Field(ge=1, le=4096)]
    """Pixels."""
    width: Annotated[int, Field(ge=1, le=4096)]
    """Pixels."""
    mode: Literal["grey", "rgb"]
    """Colours: 1 or 3 channels. Where a picture is transparent, black shows through."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How a picture of another shape is fitted: stretched, cut to its centre, or padded with black."""


class Columns(SpecModel):
    """What the columns of a table are. A column is of numbers where all its values are, and of categories otherwise."""

    names: ColumnNames = ()
    """Names of all columns in the order of the file, for one without a line of names. Default: those of the first line,
    where not all of it is numbers."""
    label: ColumnName | None = None
    """The column to learn. Default: `label`, `y`, or the last one."""
    ignore: ColumnNames = ()
    """Columns to leave out, for example identifiers."""
    categories: ColumnNames = ()
    """Columns whose numbers are names, such as codes."""
    text: ColumnName | None = None
    """Of texts: the column that holds them. Default: `text`, `sentence`, `review`, or the only one beside the label."""
    time: ColumnName | None = None
    """Of series and ratings: the column of times, as ISO dates or numbers. Default: `time`, `timestamp`, `date`, or
    none."""
    series: ColumnName | None = None
    """Of series: the column that tells one series from another. Default: `series`, or none: there is one."""
    user: ColumnName | None = None
    """Of ratings: the column that tells who rated. Default: `user`, `customer` or `visitor`, with or
    without `id`."""
    item: ColumnName | None = None
    """Of ratings: the column that tells what was rated. Default: `item`, `product`, `movie`, `book`, `title` and some
    others, with or without `id`."""
    source: ColumnName | None = None
    """Of pairs of texts: the column of what is given. Default: `source`, `src`, or the first of two."""
    target: ColumnName | None = None
    """Of pairs of texts: the column of what is to come of it. Default: `target`, `tgt`, or the second of two."""
    split: ColumnName | None = None
    """Of tables and texts: the column that says `train`, `validation` or `test` of each row; `data.split` then has no
    effect on the parts that it names. Default: `split`, where it says nothing else."""
    missing: Literal["median", "mean", "refuse"] = "median"
    """What stands in for a number that is missing, over the train part; that it was missing is one more column. A
    category that is missing is none of the others."""

    @property
    def said(self) -> set[str]:
        """The fields that are not left at their default."""
        return {name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default}


class Clean(SpecModel):
    """What happens to examples that no model should learn from. What is dropped is counted and reported."""

    corrupt: Literal["refuse", "drop"] = "refuse"
    """Picture files that cannot be decoded, and images with NaN or infinite pixels."""
    mismatched: Literal["refuse", "drop"] = "refuse"
    """Picture files of another size or other colours than most have. With `data.images` there are none."""
    unknown_labels: Literal["refuse", "drop"] = "refuse"
    """Labels below 0, beyond the names of the classes, or of a class that has no example to train on. Of tables and
    texts: labels that are missing."""
    constant: Literal["keep", "drop"] = "keep"
    """Images of one colour."""
    duplicates: Literal["keep", "drop"] = "keep"
    """Exact copies of an earlier image, row (with its label) or text (with its label), and of one in a validation or
    test part of the data's own. Such parts themselves stay as they are. It is done before the data are divided. Copies
    across the parts are reported in any case."""


class Data(SpecModel):
    """A dataset by name, or a file or folder on the worker by path. Exactly one of the two."""

    dataset: Annotated[str, Field(max_length=255, pattern=DATASET)] | None = None
    """An uploaded dataset, `faces@2`, or `faces` for its newest version, which the submit writes into the spec. Or one
    that comes with Trainshed: `builtin/digits`, 1,797 real handwritten digits of 8x8 pixels, and the tables
    `builtin/breast-cancer`, 569 real tumours measured in 30 ways, and `builtin/diabetes`, 442 real people with the
    progression of their illness. Scikit-learn ships them all. Other packages bring `builtin/flchain`, a table, the
    series `builtin/auscafe` and `builtin/stocks`, and `builtin/movielens`, 100,004 ratings of films. Made up by
    Trainshed: `synthetic/ratings`, `synthetic/dates`, pairs for a translator, and of real things laid on real
    photographs `synthetic/scenes` (of Fashion-MNIST, where it is installed) and `synthetic/digit-scenes`, pictures with
    boxes."""
    path: Annotated[str, Field(min_length=1, max_length=4096, pattern=ABSOLUTE_PATH)] | None = None
    """An absolute path below TRAINSHED_DATA_ROOTS: an .npz file (x, y or x_train, y_train, x_test, y_test), a table
    (.csv, .tsv, .jsonl or .parquet: any columns for a family that takes a table, and a row of pixels and a label for
    one that takes images), the idx files of MNIST, CIFAR-10 (binary or python), a folder of pictures for each
    class, or pictures with boxes (COCO, Pascal VOC, YOLO); several files as a folder, .zip, .tar or .tar.gz. The
    content tells which."""
    split: Split = Split()
    """How the examples are divided. Parts of the data's own are kept as they are."""
    images: Pictures | None = None
    """How picture files are decoded. Default: as they are, which must be the same for all."""
    columns: Columns | None = None
    """What the columns of a table are. Default: the label is `label`, `y`, or the last one."""
    clean: Clean = Clean()
    """What happens to broken, odd and repeated examples."""

    @model_validator(mode="after")
    def _name_one_source(self) -> Data:
        if (self.dataset is None) == (self.path is None):
            raise PydanticCustomError("data_source", "give either dataset or path")
        return self
