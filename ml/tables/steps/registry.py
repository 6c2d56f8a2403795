"""Which function fits which step of a spec. Each class of `trainshed.specs.OF_TABLES` is here once, and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import Discriminator

from ml.tables.frame import Frame
from ml.tables.steps.calendar import CalendarParts, fit_calendar
from ml.tables.steps.convert import Converted, WithoutColumns, fit_convert, fit_drop_columns
from ml.tables.steps.encode_categories import (
    Hashed,
    Limited,
    OneHots,
    Places,
    fit_hashing,
    fit_limit_categories,
    fit_one_hot,
    fit_ordinal,
)
from ml.tables.steps.fill_missing import FilledMissing, MissingLeftOut, fit_fill_missing
from ml.tables.steps.outliers import Bounded, OutliersLeftOut, fit_outliers
from ml.tables.steps.past import LagsSeen, WindowsSeen, fit_lags, fit_windows
from ml.tables.steps.quantile_scale import Ranked, fit_quantile_scale
from ml.tables.steps.scale import Logarithms, Scaled, fit_log_scale, fit_min_max, fit_robust_scale, fit_standardize
from trainshed import specs
from trainshed.specs import Step

AnyFitted = Annotated[
    FilledMissing
    | MissingLeftOut
    | Bounded
    | OutliersLeftOut
    | Converted
    | WithoutColumns
    | Scaled
    | Logarithms
    | Ranked
    | OneHots
    | Places
    | Hashed
    | Limited
    | CalendarParts
    | LagsSeen
    | WindowsSeen,
    Discriminator("step"),
]
"""Whatever a step may have become, as it lies on a card."""

FITS: Final[dict[type[Step], Callable[[Any, Frame], AnyFitted]]] = {
    specs.FillMissing: fit_fill_missing,
    specs.Outliers: fit_outliers,
    specs.Convert: fit_convert,
    specs.DropColumns: fit_drop_columns,
    specs.Standardize: fit_standardize,
    specs.MinMax: fit_min_max,
    specs.RobustScale: fit_robust_scale,
    specs.LogScale: fit_log_scale,
    specs.QuantileScale: fit_quantile_scale,
    specs.OneHot: fit_one_hot,
    specs.Ordinal: fit_ordinal,
    specs.Hashing: fit_hashing,
    specs.LimitCategories: fit_limit_categories,
    specs.Calendar: fit_calendar,
    specs.Lags: fit_lags,
    specs.Windows: fit_windows,
}
"""Steps that are kept with the model: `(step, frame)` fits one on the rows of the train part, and sees no others."""
