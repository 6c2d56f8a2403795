"""Translation: a text of another."""

from ml.families.translator.evaluate import evaluate
from ml.families.translator.train import train

__all__ = ["evaluate", "train"]
