"""Classification of texts."""

from ml.families.text_classifier.evaluate import evaluate
from ml.families.text_classifier.predict import predict
from ml.families.text_classifier.train import train

__all__ = ["evaluate", "predict", "train"]
