"""From windows to forecasts, the same when a forecaster is measured and when it is asked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.families.forecaster.card import ForecasterCard
from ml.series.scaling import decode, encode_windows

Floats = npt.NDArray[np.float64]


def encoded(card: ForecasterCard, windows: Floats) -> npt.NDArray[np.float32]:
    """Return what the model takes for windows (n, window)."""
    return encode_windows(windows, season=card.season, scale=card.scale)


def forecasts(card: ForecasterCard, windows: Floats, outputs: npt.NDArray[np.float32]) -> Floats:
    """Return quantiles (n, horizon, 3) in units of the data. Raises `InvalidData` for those beyond all bounds."""
    forecast = decode(windows, outputs, horizon=card.horizon, season=card.season, scale=card.scale)
    if not np.isfinite(forecast).all():
        raise InvalidData(
            "The model gives forecasts beyond all bounds for this data.",
            remedy="Train again with model.scale plain, or with a lower training.learning_rate.",
        )
    return forecast
