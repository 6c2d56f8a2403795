"""What a network sees of a window, and how its answers become values again. A pure function of each window alone.

The forecast to correct is the value one season before. All is told in multiples of how much the window changes, in the
mean, from season to season: then one model serves series of any size, and nothing is fitted.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Scale = Literal["plain", "log"]


def seasonal_naive(windows: Floats, *, horizon: int, season: int) -> Floats:
    """Return (n, horizon): for each step ahead the last known value of its place in the season."""
    steps = np.arange(horizon)
    forecast: Floats = windows[:, windows.shape[1] - season + steps % season]
    return forecast


def encode_windows(windows: Floats, *, season: int, scale: Scale) -> npt.NDArray[np.float32]:
    """Return (n, window): how far each value is from the last one."""
    seen = _into(windows, scale)
    return ((seen - seen[:, -1:]) / _unit(seen, season)).astype(np.float32)


def encode_targets(windows: Floats, targets: Floats, *, season: int, scale: Scale) -> npt.NDArray[np.float32]:
    """Return (n, horizon): how far the truth is from the forecast to correct."""
    seen = _into(windows, scale)
    naive = seasonal_naive(seen, horizon=targets.shape[1], season=season)
    return ((_into(targets, scale) - naive) / _unit(seen, season)).astype(np.float32)


def decode(windows: Floats, outputs: npt.NDArray[np.float32], *, horizon: int, season: int, scale: Scale) -> Floats:
    """Return the quantiles (n, horizon, quantiles), ascending, in units of the data."""
    seen = _into(windows, scale)
    naive = seasonal_naive(seen, horizon=horizon, season=season)
    steps = outputs.astype(np.float64).reshape(len(windows), horizon, -1)
    forecast = np.sort(naive[:, :, None] + steps * _unit(seen, season)[:, :, None], axis=2)
    return np.exp(forecast) if scale == "log" else forecast


def _into(values: Floats, scale: Scale) -> Floats:
    return np.log(values) if scale == "log" else values


def _unit(seen: Floats, season: int) -> Floats:
    """Return (n, 1); 1 for a window that never changes."""
    unit = np.abs(seen[:, season:] - seen[:, :-season]).mean(axis=1, keepdims=True)
    return np.where(unit > 0, unit, 1.0)
