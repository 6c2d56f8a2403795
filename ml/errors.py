"""Ways in which a job ends that are no defect of ours.

    JobError
    ├── InvalidData    invalid_data     the data, or data and spec together, cannot be trained or evaluated on
    ├── Diverged       diverged         loss, outputs or weights became NaN or infinite
    └── OutOfMemory    out_of_memory    an array or a tensor could not be allocated

Each carries the `outcome` of the attempt, a `detail` that names place and value, a `remedy`, and the facts.
"""

from __future__ import annotations

from typing import Any, ClassVar

from trainshed.states import AttemptOutcome


class JobError(Exception):
    """Base of these errors. `facts` are JSON types."""

    outcome: ClassVar[AttemptOutcome] = AttemptOutcome.USER_ERROR
    default_remedy: ClassVar[str] = ""

    def __init__(self, detail: str, *, remedy: str | None = None, facts: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = self.default_remedy if remedy is None else remedy
        self.facts = facts or {}

    def __str__(self) -> str:
        return f"{self.detail} {self.remedy}".rstrip()


class InvalidData(JobError):
    """Facts: `path`, `row` and `field`, each where known."""

    outcome = AttemptOutcome.INVALID_DATA

    def __init__(
        self,
        detail: str,
        *,
        remedy: str,
        path: str | None = None,
        row: int | None = None,
        field: str | None = None,
    ) -> None:
        known = {"path": path, "row": row, "field": field}
        super().__init__(detail, remedy=remedy, facts={name: fact for name, fact in known.items() if fact is not None})


class Diverged(JobError):
    """Facts: `step` (of all, from 1) where known."""

    outcome = AttemptOutcome.DIVERGED
    default_remedy = "Lower training.learning_rate, and check that preprocessing brings the pixels to about 0 to 1."


class OutOfMemory(JobError):
    outcome = AttemptOutcome.OUT_OF_MEMORY
    default_remedy = "Lower batch_size or the image size, or give the job more with resources.memory."


class Interrupted(BaseException):
    """Training was asked to stop and has written its state; another attempt goes on from there.

    No outcome, and no Exception: nothing that handles errors on the way may take it for one.
    """
