"""The keys that every kind of job has: resources, retry, timeout, and the base class that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from trainshed.specs.base import Duration, EnvName, EnvValue, JobId, LabelKey, LabelValue, Name, Size, SpecModel
from trainshed.states import AttemptOutcome

_RESERVED_ENV_PREFIX = "TRAINSHED_"


class Resources(SpecModel):
    """What an attempt needs. A worker takes a job only when this much is free on it."""

    cpus: Annotated[float, Field(gt=0, le=1024)] | None = None
    """CPU cores; also the number of TensorFlow threads. Default: the worker's cores divided by its slots."""
    memory: Annotated[Size, Field(gt=0)] | None = None
    """Memory limit, for example 2GiB. A job that goes beyond it ends `out_of_memory`. Default: no limit of its own."""
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    """Number of GPUs."""
    pool: Name = "cpu"
    """The pool of workers that may run the job."""


class RetryBudget(SpecModel):
    """How many times a job is tried again after an attempt ended in each way. A drained attempt costs nothing."""

    worker_lost: Annotated[int, Field(ge=0, le=100)] = 5
    """The worker died or lost its connection for longer than its lease."""
    crashed: Annotated[int, Field(ge=0, le=100)] = 2
    """The process was ended by a signal that nobody asked for."""
    storage_failed: Annotated[int, Field(ge=0, le=100)] = 3
    """Inputs could not be fetched or artifacts could not be stored."""
    out_of_memory: Annotated[int, Field(ge=0, le=100)] = 0
    """The job went beyond its memory limit."""
    timed_out: Annotated[int, Field(ge=0, le=100)] = 0
    """The job ran longer than `timeout.run`."""
    stalled: Annotated[int, Field(ge=0, le=100)] = 0
    """Training made no step for too long."""
    diverged: Annotated[int, Field(ge=0, le=100)] = 0
    """The loss became NaN or infinite, or grew without bound."""
    user_error: Annotated[int, Field(ge=0, le=100)] = 0
    """The program ended with a non-zero exit code."""

    def allowed(self, outcome: AttemptOutcome) -> int:
        """Return how many retries `outcome` is worth; 0 for one that has no budget."""
        return getattr(self, outcome.value, 0)


class Backoff(SpecModel):
    """The wait before a retry: `initial * factor ** n`, at most `max`, jittered by a fifth.

    The retry after a first `worker_lost` does not wait.
    """

    initial: Annotated[Duration, Field(gt=0, le=86_400)] = 1.0
    """Wait before the first retry."""
    factor: Annotated[float, Field(ge=1, le=10)] = 2.0
    """Growth from one retry to the next."""
    max: Annotated[Duration, Field(gt=0, le=604_800)] = 300.0
    """Longest wait."""

    def delay_s(self, *, retries_before: int, jitter: float) -> float:
        """Return the wait in seconds; `jitter` is a draw from [0, 1)."""
        # The exponent is bounded because a float overflows long before a budget of 100 is used up.
        plain = min(self.initial * self.factor ** min(retries_before, 64), self.max)
        return plain * (0.8 + 0.4 * jitter)


class Retry(SpecModel):
    """Whether and when an attempt that did not succeed is tried again."""

    budget: RetryBudget = RetryBudget()
    """Retries by outcome of the attempt."""
    backoff: Backoff = Backoff()
    """Wait between attempts."""


class Timeout(SpecModel):
    """Limits in time."""

    run: Annotated[Duration, Field(gt=0, le=31_536_000)] | None = None
    """Longest run of one attempt. Default: none."""
    queue: Annotated[Duration, Field(gt=0, le=31_536_000)] | None = None
    """Longest wait in the queue; after it the job ends `failed` with reason `queue_timeout`. Default: none."""
    grace: Annotated[Duration, Field(gt=0, le=600)] = 10.0
    """Time between SIGTERM and SIGKILL when the job is cancelled, times out or is drained."""


class Checkpoint(SpecModel):
    """When a training run writes its whole state, from which a later attempt goes on, bit for bit.

    At most one of the three. Default: so often that it costs less than 2 % of the training. A drain or a pause writes
    one as well.
    """

    every_steps: Annotated[int, Field(ge=1)] | None = None
    """Each so many steps."""
    every_seconds: Annotated[Duration, Field(ge=1, le=31_536_000)] | None = None
    """Each so many seconds."""
    every_epochs: Annotated[int, Field(ge=1)] | None = None
    """Each so many epochs. The model is then kept as well, as `checkpoints/epoch-0005.keras` among the artifacts."""
    keep_last: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many of those to keep. All states are dropped when the job has succeeded."""
    keep_best: bool = False
    """Export the weights of the epoch with the best validation loss, not those of the last one."""

    @model_validator(mode="after")
    def _say_it_in_one_way(self) -> Checkpoint:
        said = [name for name in ("every_steps", "every_seconds", "every_epochs") if getattr(self, name) is not None]
        if len(said) > 1:
            raise PydanticCustomError("checkpoint", "give one of {names}, not several", {"names": ", ".join(said)})
        return self


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A train job whose model another job needs, and the field of the spec that names it."""

    field: str
    job: JobId


class BaseSpec(SpecModel):
    """What every job has."""

    name: Name
    """A name for people. It need not be unique."""
    labels: Annotated[dict[LabelKey, LabelValue], Field(max_length=64, default_factory=dict)]
    """Free key-value pairs to find jobs by."""
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    """A higher one runs first."""
    resources: Resources = Resources()
    """CPU cores, memory, GPUs and the pool of workers."""
    retry: Retry = Retry()
    """What happens after an attempt that did not succeed."""
    timeout: Timeout = Timeout()
    """Longest run, longest wait, and the grace before a kill."""
    depends_on: Annotated[tuple[JobId, ...], Field(max_length=100)] = ()
    """Jobs that must succeed first. When one of them fails, this job ends `cancelled`."""
    env: Annotated[dict[EnvName, EnvValue], Field(max_length=256, default_factory=dict)]
    """Environment variables of the job. Everyone who may read the job may read them: no place for secrets."""

    @model_validator(mode="after")
    def _check_env(self) -> BaseSpec:
        reserved = sorted(name for name in self.env if name.startswith(_RESERVED_ENV_PREFIX))
        if reserved:
            raise PydanticCustomError(
                "reserved_env",
                "env: names that begin with {prefix} are set by Trainshed: {names}",
                {"prefix": _RESERVED_ENV_PREFIX, "names": ", ".join(reserved)},
            )
        return self

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Identifiers of all jobs that must succeed first, each once."""
        model = (self.model_source.job,) if self.model_source else ()
        return tuple(dict.fromkeys((*model, *self.depends_on)))

    @property
    def model_source(self) -> ModelSource | None:
        """The train job whose model this job begins with, or None."""
        return None


SplitName = Literal["train", "validation", "test"]
