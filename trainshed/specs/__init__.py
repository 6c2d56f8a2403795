"""The language of jobs: what a spec may say, strict and frozen.

    spec = parse_spec({"kind": "command", "name": "hello", "command": ["echo", "hello"]})

`parse_spec` takes what JSON or YAML gave, `load_spec` takes the text. Both raise `InvalidSpec` with *all* errors, each
with its path, the value, what is allowed and the nearest valid name.
"""

from trainshed.specs.base import SpecModel
from trainshed.specs.command import CommandSpec
from trainshed.specs.common import Backoff, BaseSpec, Checkpoint, Resources, Retry, RetryBudget, Timeout
from trainshed.specs.data import Clean, Data, Pictures, Split
from trainshed.specs.evaluate import EvaluateSpec, ModelOfJob
from trainshed.specs.parse import JobSpec, dump_spec, json_schema, load_spec, parse_spec
from trainshed.specs.preprocess import STEP_CLASSES, RandomFlip, RandomTranslate, Rescale, Resize, Step
from trainshed.specs.profile import ProfileSpec
from trainshed.specs.recipe import Clip, EarlyStopping, Schedule, Training
from trainshed.specs.train import Model, TrainSpec

__all__ = [
    "STEP_CLASSES",
    "Backoff",
    "BaseSpec",
    "Checkpoint",
    "Clean",
    "Clip",
    "CommandSpec",
    "Data",
    "EarlyStopping",
    "EvaluateSpec",
    "JobSpec",
    "Model",
    "ModelOfJob",
    "Pictures",
    "ProfileSpec",
    "RandomFlip",
    "RandomTranslate",
    "Rescale",
    "Resize",
    "Resources",
    "Retry",
    "RetryBudget",
    "Schedule",
    "SpecModel",
    "Split",
    "Step",
    "Timeout",
    "TrainSpec",
    "Training",
    "dump_spec",
    "json_schema",
    "load_spec",
    "parse_spec",
]
