"""Steps for tables. Whatever is fitted is fitted on the rows of the train part, and never sees the label.

`columns` of a step are its columns by name; by default all that it can take. A step that leaves rows out does so in the
train part alone: a model has to answer each row that it is asked about.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.step import Augmenting, ColumnName, ColumnNames, Step

_TABLE = frozenset({"a table"})
_Factor = Annotated[float, Field(gt=0, le=1000)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Many = Annotated[int, Field(ge=1, le=1000)]


def _refuse_repeated(values: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(values)) < len(values):
        raise PydanticCustomError("repeated", "a number is given twice")
    return values


_Steps = Annotated[tuple[_Many, ...], Field(min_length=1, max_length=100), AfterValidator(_refuse_repeated)]
CalendarPart = Literal["year", "month", "day", "weekday", "hour", "minute", "day_of_year", "weekend"]


class TableStep(Step):
    """Base of the steps for tables alone."""

    takes: ClassVar[frozenset[str]] = _TABLE


class FillMissing(TableStep):
    """Put something in the place of missing values, or leave out the rows of the train part that have them."""

    step: Literal["fill_missing"]
    columns: ColumnNames | None = None
    """Default: all columns of numbers; with `mode`, `constant` and `drop` all columns."""
    using: Literal["median", "mean", "mode", "constant", "drop"] = "median"
    """What to put there: taken from the train part, or `value`. `mode` is the most frequent value."""
    value: float | str | None = None
    """With `constant`: a number for columns of numbers, a text for categories."""
    mark: bool = False
    """Add a column `NAME missing` with 1 where a value was missing, for each that misses some in the train part."""

    @model_validator(mode="after")
    def _give_a_value_for_a_constant(self) -> FillMissing:
        if (self.using == "constant") != (self.value is not None):
            raise PydanticCustomError("value", "value goes with using: constant, and only with it")
        if self.mark and self.using == "drop":
            raise PydanticCustomError("mark", "with using: drop no value is missing that could be marked")
        return self


class Outliers(TableStep):
    """Bring numbers that lie far from the others to a bound, or leave out the rows of the train part that have them."""

    step: Literal["outliers"]
    columns: ColumnNames | None = None
    """Default: all columns of numbers."""
    by: Literal["iqr", "z"] = "iqr"
    """The bounds: `iqr`, quartiles and `factor` times the distance between them (Tukey); `z`, mean and `factor`
    standard deviations."""
    factor: _Factor | None = None
    """How far is far. Default: 1.5 with `iqr`, 3 with `z`."""
    action: Literal["clip", "drop"] = "clip"
    """`clip` is applied to all rows, now and later; `drop` leaves rows of the train part out."""


class Convert(TableStep):
    """Read a column as another type. What cannot be read as a number is missing."""

    step: Literal["convert"]
    columns: Annotated[ColumnNames, Field(min_length=1)]
    """The columns."""
    to: Literal["number", "category"]
    """The type. A column with odd texts among numbers is read when `data.columns.categories` names it, too."""


class DropColumns(TableStep):
    """Leave columns out that were needed up to here."""

    step: Literal["drop_columns"]
    columns: Annotated[ColumnNames, Field(min_length=1)]
    """The columns."""


class RobustScale(TableStep):
    """Subtract the median of the train part, and divide by the distance of its quartiles."""

    step: Literal["robust_scale"]
    columns: ColumnNames | None = None
    """Default: all columns of numbers."""


class LogScale(TableStep):
    """Take the logarithm of 1 plus the size of a number, and keep its sign: for amounts that differ by magnitudes."""

    step: Literal["log_scale"]
    columns: ColumnNames | None = None
    """Default: all columns of numbers."""


class QuantileScale(TableStep):
    """Replace a number by the share of the train part that lies below it, or by the normal deviate of that share."""

    step: Literal["quantile_scale"]
    columns: ColumnNames | None = None
    """Default: all columns of numbers."""
    to: Literal["uniform", "normal"] = "normal"
    """`uniform`: 0 to 1. `normal`: about -3.1 to 3.1."""
    quantiles: Annotated[int, Field(ge=3, le=1001)] = 101
    """How many quantiles are kept; between two of them it is a straight line."""


class OneHot(TableStep):
    """Make of a column of categories one column for each value of the train part. Other values have 0 in all."""

    step: Literal["one_hot"]
    columns: ColumnNames | None = None
    """Default: all columns of categories."""
    most: _Many | None = None
    """Only so many values, the most frequent ones. Default: all."""


class Ordinal(TableStep):
    """Replace each category by its place in an order. A value that is not in it is missing."""

    step: Literal["ordinal"]
    columns: ColumnNames | None = None
    """Default: all columns of categories."""
    order: Annotated[tuple[str, ...], Field(min_length=2, max_length=1000)] | None = None
    """The values from first to last. Default: those of the train part, by their letters."""


class Hashing(TableStep):
    """Make of a column of categories so many columns, by a hash of the value: for columns with too many values."""

    step: Literal["hashing"]
    columns: ColumnNames | None = None
    """Default: all columns of categories."""
    buckets: Annotated[int, Field(ge=2, le=1000)] = 32
    """Columns that come out of each."""


class LimitCategories(TableStep):
    """Keep the most frequent categories of the train part; all others are one, `(other)`."""

    step: Literal["limit_categories"]
    columns: ColumnNames | None = None
    """Default: all columns of categories."""
    most: _Many = 50
    """How many are kept."""
    at_least: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Rows of the train part that a kept category has."""


class Calendar(TableStep):
    """Replace a column of dates or times by what the calendar says of them."""

    step: Literal["calendar"]
    columns: Annotated[ColumnNames, Field(min_length=1)]
    """Columns of ISO dates or times, or of seconds since 1970; all in UTC, unless they have a zone."""
    parts: Annotated[tuple[CalendarPart, ...], Field(min_length=1, max_length=8)] = ("year", "month", "day", "weekday")
    """One column for each. Weekdays begin with Monday, 0."""
    circle: bool = False
    """Give all parts but year and weekend as sine and cosine, so that December is next to January."""


class Past(TableStep):
    """Base of steps that look at earlier rows."""

    columns: Annotated[ColumnNames, Field(min_length=1)]
    """Columns of numbers."""
    time: ColumnName
    """The column that orders the rows: ISO dates or times, or numbers. A row sees those before it, not those of its own
    time."""
    series: ColumnName | None = None
    """The column that tells one series from another. Default: there is one."""


class Lags(Past):
    """Add what a column had in earlier rows. A row of the train part sees rows of the train part alone."""

    step: Literal["lags"]
    lags: _Steps
    """How many rows before, for example [1, 7]."""


class Windows(Past):
    """Add what the last rows before a row had together. A row of the train part sees rows of the train part alone."""

    step: Literal["windows"]
    sizes: _Steps
    """Of how many rows, for example [7, 28]."""
    of: Literal["mean", "minimum", "maximum", "deviation"] = "mean"
    """What of them."""


class Noise(Augmenting):
    """Add normal noise to the numbers of each row."""

    takes: ClassVar[frozenset[str]] = frozenset({"a table", "series"})

    step: Literal["noise"]
    columns: ColumnNames | None = None
    """Of tables. Default: all columns of numbers."""
    amount: Annotated[float, Field(ge=0, le=10)] = 0.1
    """Its standard deviation, in standard deviations of the column over the train part."""


class SwapValues(Augmenting):
    """Replace columns of a row by those of another row of the train part (swap noise)."""

    takes: ClassVar[frozenset[str]] = _TABLE

    step: Literal["swap_values"]
    columns: ColumnNames | None = None
    """Default: all columns."""
    share: _Share = 0.1
    """Probability with which each is replaced."""


AnyOfTables = (
    FillMissing
    | Outliers
    | Convert
    | DropColumns
    | RobustScale
    | LogScale
    | QuantileScale
    | OneHot
    | Ordinal
    | Hashing
    | LimitCategories
    | Calendar
    | Lags
    | Windows
    | Noise
    | SwapValues
)
OF_TABLES: tuple[type[Step], ...] = (
    FillMissing,
    Outliers,
    Convert,
    DropColumns,
    RobustScale,
    LogScale,
    QuantileScale,
    OneHot,
    Ordinal,
    Hashing,
    LimitCategories,
    Calendar,
    Lags,
    Windows,
    Noise,
    SwapValues,
)
