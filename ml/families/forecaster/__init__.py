"""Forecasts of series, with intervals."""

from ml.families.forecaster.evaluate import evaluate
from ml.families.forecaster.predict import predict
from ml.families.forecaster.train import train

__all__ = ["evaluate", "predict", "train"]
