"""What the families of tables share before the network: the steps of a spec, fitted, and what augments rows."""

from __future__ import annotations

from collections.abc import Callable

from ml.tables.augmentation import RowAugmentation, refuse_unknown_columns
from ml.tables.encoding import spans
from ml.tables.frame import Columned, Rows
from ml.tables.preparation import Preparation, fit_preparation
from ml.training.loop import Prepared, Source
from trainshed.specs import Columns, TrainSpec


def prepare_rows(spec: TrainSpec, table: Columned, train: Rows) -> Preparation:
    """Fit the steps and the encoding on the rows of the train part. Raises `InvalidData`."""
    prepared = fit_preparation(table, train, spec.preprocess, missing=(spec.data.columns or Columns()).missing)
    refuse_unknown_columns(spec.preprocess, prepared.encoding, table.source)
    return prepared


def source_of(spec: TrainSpec, prepared: Preparation) -> Callable[[Prepared], Source]:
    """Return what makes of the train part what training has of it in each epoch."""

    def source(train: Prepared) -> Source:
        if not spec.augments:
            return train
        return RowAugmentation.of(
            spec.preprocess,
            seed=spec.training.seed,
            inputs=train.inputs,
            targets=train.targets,
            columns=spans(prepared.encoding),
        )

    return source
