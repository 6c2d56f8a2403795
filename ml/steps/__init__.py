"""Preprocessing: one function for each step of the spec language, found through an explicit registry."""

from ml.steps.augmentation import Augmentation
from ml.steps.preprocessing import preprocess, preprocessing_layers
from ml.steps.registry import AUGMENTATIONS, LAYERS, MIXTURES
from ml.steps.seen import output_shape

__all__ = [
    "AUGMENTATIONS",
    "LAYERS",
    "MIXTURES",
    "Augmentation",
    "output_shape",
    "preprocess",
    "preprocessing_layers",
]
