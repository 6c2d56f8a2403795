"""Recommendation: ratings that users would give, and items that they would choose."""

from ml.families.recommender.evaluate import evaluate
from ml.families.recommender.predict import predict
from ml.families.recommender.train import train

__all__ = ["evaluate", "predict", "train"]
