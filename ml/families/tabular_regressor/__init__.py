"""Prediction of a quantity in the rows of a table."""

from ml.families.tabular_regressor.evaluate import evaluate
from ml.families.tabular_regressor.predict import predict
from ml.families.tabular_regressor.train import train

__all__ = ["evaluate", "predict", "train"]
