"""`training:` of a train spec: how the weights are found."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.base import SpecModel


def _auto_is_none(value: Any) -> Any:
    return None if value == "auto" else value


def _or_auto(kind: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": kind, "exclusiveMinimum": 0}, {"const": "auto"}, {"type": "null"}]})


AutoCount = Annotated[
    Annotated[int, Field(ge=1, le=65_536)] | None, BeforeValidator(_auto_is_none), _or_auto("integer")
]
"""A count, or `auto`."""
AutoRate = Annotated[Annotated[float, Field(gt=0, le=10)] | None, BeforeValidator(_auto_is_none), _or_auto("number")]
"""A rate, or `auto`."""


class Schedule(SpecModel):
    """How the learning rate changes over the run."""

    shape: Literal["constant", "step", "exponential", "cosine"] = "constant"
    """`step` multiplies by `factor` each `every_epochs`; `exponential` does it little by little; `cosine` falls along a
    half wave to `final_share` at the last step."""
    warmup_epochs: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """Rise in a line from 0 over so many epochs first. The shape begins after them."""
    every_epochs: Annotated[float, Field(gt=0, le=100_000)] = 10.0
    """Of `step` and `exponential`: epochs for one `factor`."""
    factor: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Of `step` and `exponential`."""
    final_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Of `cosine`: share of the learning rate that is left at the end."""


class Clip(SpecModel):
    """Limit the gradients of a step. One of the two."""

    norm: Annotated[float, Field(gt=0)] | None = None
    """Scale all gradients together so that their Euclidean norm is at most this."""
    value: Annotated[float, Field(gt=0)] | None = None
    """Cut each number to -value..value."""

    @model_validator(mode="after")
    def _name_one(self) -> Clip:
        if (self.norm is None) == (self.value is None):
            raise PydanticCustomError("clip", "give either norm or value")
        return self


class EarlyStopping(SpecModel):
    """End before the last epoch when the validation part no longer gains."""

    monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    """What has to gain."""
    patience: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Epochs in a row without a gain after which training ends."""
    min_delta: Annotated[float, Field(ge=0)] = 0.0
    """A gain is more than this."""
    restore_best: bool = True
    """Export the weights of the best epoch by `monitor`, not those of the last one."""


ClassWeight = Annotated[float, Field(gt=0, le=1e6)]


class Training(SpecModel):
    """The recipe."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Passes over the training examples."""
    batch_size: AutoCount = None
    """Examples a step. Default, or `auto`: 32, and 64 or 128 where an epoch still has 200 steps then, which costs less
    processor time. What was chosen is in the log, the facts and the card."""
    optimizer: Literal["sgd", "adam", "adamw", "rmsprop", "lion"] = "adam"
    """Rule by which weights follow gradients."""
    learning_rate: AutoRate = None
    """Step size of the optimizer. Default, or `auto`: sgd 0.01, lion 0.0001, others 0.001, times
    (batch_size / 32) to the power 0.8. A given one is taken as it is."""
    momentum: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Of sgd (default 0.9) and rmsprop (default 0). Other optimizers have none."""
    nesterov: bool = False
    """Of sgd: look ahead along the momentum."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of each kernel, times the learning rate, taken off a step. Biases and normalisation are left alone.
    Default: 0.004 for adamw, none for others."""
    schedule: Schedule = Schedule()
    """Warm-up and shape of the learning rate over the run."""
    clip: Clip | None = None
    """Limit of the gradients. Default: none."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each target that is spread evenly over all classes. In the training loss alone."""
    class_weights: Literal["balanced"] | Annotated[dict[str, ClassWeight], Field(min_length=1)] | None = None
    """Weight of each class in the training loss: by name, 1 where it is left out; `balanced`: examples / (classes *
    examples of the class)."""
    early_stopping: EarlyStopping | None = None
    """When to end before the last epoch. Default: never."""
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Average the weights over steps with this momentum, for example 0.999. The averages are validated and exported.
    Default: none."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """Numbers within the network. `mixed_bfloat16` changes results, and is faster only where the processor has bfloat16
    instructions; the log warns where it has none. Logits, loss and weights stay float32."""
    accumulate_steps: Annotated[int, Field(ge=1, le=1024)] = 1
    """Sum the gradients of so many steps before the weights change. It acts as a batch that much larger."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the initial weights, of the order of the examples, of dropout and of augmentation."""
    feeding: Literal["auto", "direct", "prefetch"] = "auto"
    """`prefetch` prepares the next examples in a thread while the network learns. It changes no number."""
    steps_per_call: AutoCount = None
    """Steps within one call of TensorFlow. Default, or `auto`: 8, less for large images. It changes no number."""
    report_every_steps: Annotated[int, Field(ge=1)] | None = None
    """Report loss and accuracy each so many steps, beside each epoch. Default: about 20 times an epoch."""
    record_norms_every: Annotated[int, Field(ge=1)] | None = None
    """Each so many steps, report for each layer the norms of its weights, of their gradient and of their change, as
    `norms/weight/<layer>`, `norms/gradient/<layer>`, `norms/update/<layer>`. It changes no number. Default: never."""

    @model_validator(mode="after")
    def _refuse_what_has_no_effect(self) -> Training:
        if self.momentum is not None and self.optimizer not in {"sgd", "rmsprop"}:
            raise PydanticCustomError(
                "momentum", "momentum belongs to sgd and rmsprop; {name} has none", {"name": self.optimizer}
            )
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            raise PydanticCustomError("nesterov", "nesterov belongs to sgd with momentum")
        return self
