"""Classification of the rows of a table, and the risk of one class."""

from ml.families.tabular_classifier.evaluate import evaluate
from ml.families.tabular_classifier.predict import predict
from ml.families.tabular_classifier.train import train

__all__ = ["evaluate", "predict", "train"]
