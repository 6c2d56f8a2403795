"""Image classification."""

from ml.families.image_classifier.evaluate import evaluate
from ml.families.image_classifier.train import train

__all__ = ["evaluate", "train"]
