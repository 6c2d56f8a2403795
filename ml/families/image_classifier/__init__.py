"""Image classification."""

from ml.families.image_classifier.evaluate import evaluate
from ml.families.image_classifier.predict import predict
from ml.families.image_classifier.train import train

__all__ = ["evaluate", "predict", "train"]
