"""The language of jobs: what a spec may say, strict and frozen.

    spec = parse_spec({"kind": "command", "name": "hello", "command": ["echo", "hello"]})

`parse_spec` takes what JSON or YAML gave, `load_spec` takes the text. Both raise `InvalidSpec` with *all* errors, each
with its path, the value, what is allowed and the nearest valid name.
"""

from trainshed.specs.augment import (
    Cutmix,
    Cutout,
    Mixup,
    RandomBrightness,
    RandomColor,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomRotate,
    RandomTranslate,
    RandomZoom,
)
from trainshed.specs.base import SpecModel
from trainshed.specs.command import CommandSpec
from trainshed.specs.common import Backoff, BaseSpec, Checkpoint, Resources, Retry, RetryBudget, Timeout
from trainshed.specs.data import Clean, Columns, Data, Pictures, Split
from trainshed.specs.evaluate import EvaluateSpec, ModelOfJob
from trainshed.specs.guards import Guards
from trainshed.specs.model import (
    AnyModel,
    Forecaster,
    ImageClassifier,
    Recommender,
    TabularClassifier,
    TabularRegressor,
    TextClassifier,
    Translator,
)
from trainshed.specs.parse import JobSpec, brief_spec, dump_spec, json_schema, load_spec, parse_spec
from trainshed.specs.preprocess import (
    STEP_CLASSES,
    CenterCrop,
    Grayscale,
    MinMax,
    Pad,
    PerImageStandardize,
    Rescale,
    Resize,
    Standardize,
    ToRgb,
)
from trainshed.specs.profile import ProfileSpec
from trainshed.specs.recipe import Clip, EarlyStopping, Schedule, Training
from trainshed.specs.step import Step
from trainshed.specs.train import TrainSpec

__all__ = [
    "STEP_CLASSES",
    "AnyModel",
    "Backoff",
    "BaseSpec",
    "CenterCrop",
    "Checkpoint",
    "Clean",
    "Clip",
    "Columns",
    "CommandSpec",
    "Cutmix",
    "Cutout",
    "Data",
    "EarlyStopping",
    "EvaluateSpec",
    "Forecaster",
    "Grayscale",
    "Guards",
    "ImageClassifier",
    "JobSpec",
    "MinMax",
    "Mixup",
    "ModelOfJob",
    "Pad",
    "PerImageStandardize",
    "Pictures",
    "ProfileSpec",
    "RandomBrightness",
    "RandomColor",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotate",
    "RandomTranslate",
    "RandomZoom",
    "Recommender",
    "Rescale",
    "Resize",
    "Resources",
    "Retry",
    "RetryBudget",
    "Schedule",
    "SpecModel",
    "Split",
    "Standardize",
    "Step",
    "TabularClassifier",
    "TabularRegressor",
    "TextClassifier",
    "Timeout",
    "ToRgb",
    "TrainSpec",
    "Training",
    "Translator",
    "brief_spec",
    "dump_spec",
    "json_schema",
    "load_spec",
    "parse_spec",
]
