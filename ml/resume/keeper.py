"""When a training writes its state, and where.

By default so often that it costs less than 2 % of the training: the wait is measured by what the last one took.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ml.report import Report
from ml.resume.file import write_state
from ml.resume.state import Position, TrainingState
from trainshed.specs import Checkpoint

_LARGEST_SHARE: Final = 0.02
_SHORTEST_WAIT_S: Final = 10.0
_LOCAL_FILES: Final = 2
"""The last one, and the one before: the supervisor may still be reading it."""


class Keeper:
    """Writes states below `folder` and reports them. `began` is where the training goes on from."""

    def __init__(
        self, folder: Path, policy: Checkpoint, report: Report, *, began: Position, clock: Callable[[], float]
    ) -> None:
        self._folder = folder
        self._policy = policy
        self._report = report
        self._clock = clock
        self._last = began
        self._last_at = clock()
        self._wait_s = _SHORTEST_WAIT_S
        self._files: list[Path] = []

    @property
    def last_step(self) -> int:
        """The step of the latest state, 0 when there is none."""
        return self._last.step

    def is_due(self, at: Position) -> bool:
        """Whether a state should be written now, between two steps."""
        policy = self._policy
        if at.step == self._last.step:
            return False
        if policy.every_steps is not None:
            return at.step // policy.every_steps > self._last.step // policy.every_steps
        if policy.every_epochs is not None:
            return at.epoch // policy.every_epochs > self._last.epoch // policy.every_epochs
        wait_s = self._wait_s if policy.every_seconds is None else policy.every_seconds
        return self._clock() - self._last_at >= wait_s

    def save(self, make: Callable[[], TrainingState]) -> None:
        """Write the state that `make` takes. Raises `OSError` when the disk does not take it."""
        began_at = self._clock()
        state = make()
        path = self._folder / f"step-{state.position.step:012d}.state"
        self._folder.mkdir(exist_ok=True)
        write_state(state, path)
        self._report.saved(path, step=state.position.step)
        self._last, self._last_at = state.position, self._clock()
        self._wait_s = max(_SHORTEST_WAIT_S, (self._last_at - began_at) / _LARGEST_SHARE)
        self._forget_old(path)

    def _forget_old(self, path: Path) -> None:
        self._files = [each for each in self._files if each != path] + [path]
        while len(self._files) > _LOCAL_FILES:
            self._files.pop(0).unlink()
