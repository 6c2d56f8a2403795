"""When a training is ended because nothing will come of it any more."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainshed.specs.base import Duration, SpecModel

Factor = Annotated[float, Field(gt=1, le=1e9)]
Wait = Annotated[Duration, Field(gt=0, le=31_536_000)]


class Guards(SpecModel):
    """On by default; null takes one away. A loss that is NaN or infinite always ends a training, as `diverged`.

    Whatever ends it, the latest checkpoint is kept: an attempt that `retry.budget` allows goes on from it.
    """

    loss_factor: Factor | None = 10.0
    """End as `diverged` when the training loss of three reports in a row is more than this times that of the first."""
    stall_factor: Factor | None = 100.0
    """End as `stalled` when no step ends for longer than this times the median of the steps so far, and no less than
    `stall_at_least`. Validation counts as progress while it goes on."""
    stall_at_least: Wait = 300.0
    """A stall that is shorter is none."""
    first_step: Wait | None = 3600.0
    """End as `stalled` when the first step of an attempt has not ended within this time: it reads its data before."""
