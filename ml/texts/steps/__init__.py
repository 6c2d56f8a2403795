"""Steps of texts."""

from ml.texts.steps.registry import CLEANS, clean_texts

__all__ = ["CLEANS", "clean_texts"]
