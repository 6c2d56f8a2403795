"""Translation: a text of another."""

from ml.families.translator.evaluate import evaluate
from ml.families.translator.predict import predict
from ml.families.translator.train import train

__all__ = ["evaluate", "predict", "train"]
