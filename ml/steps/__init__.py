"""Preprocessing: one function for each step of the spec language, found through an explicit registry."""

from ml.steps.augmentation import Augmentation
from ml.steps.preprocessing import output_shape, preprocess, preprocessing_layers
from ml.steps.registry import AUGMENTATIONS, LAYERS

__all__ = ["AUGMENTATIONS", "LAYERS", "Augmentation", "output_shape", "preprocess", "preprocessing_layers"]
