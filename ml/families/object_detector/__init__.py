"""Detection of things on pictures: where they are, and what."""

from ml.families.object_detector.evaluate import evaluate
from ml.families.object_detector.predict import predict
from ml.families.object_detector.train import train

__all__ = ["evaluate", "predict", "train"]
