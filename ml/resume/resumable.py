"""Makes a training resumable: it goes on from the latest state, writes states on the way, and stops when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ml.errors import Diverged, Interrupted
from ml.job import RunSettings
from ml.report import Report, warn
from ml.resume.environment import environment
from ml.resume.find import find_state
from ml.resume.keeper import Keeper
from ml.resume.run import Run
from ml.resume.state import Position
from trainshed.specs import Checkpoint

_BEGINNING = Position(0, 0, 0)


def make_resumable(
    run: Run,
    folder: Path,
    policy: Checkpoint,
    report: Report,
    *,
    identity: Mapping[str, Any],
    settings: RunSettings,
    clock: Callable[[], float],
) -> Keeper:
    """Let `run` go on from the latest of `settings.states`, and write its own below `folder` as `policy` says.

    Once `settings.should_stop` says so, the iteration writes a state and raises `Interrupted`. Returns who writes them.
    """
    here = environment(threads=settings.threads)
    began = _go_on(run, report, identity=identity, here=here, settings=settings)
    keeper = Keeper(folder, policy, report, began=began, clock=clock)

    def between(at: Position) -> None:
        take = partial(run.state, at, environment=here, identity=identity)
        if settings.should_stop():
            keeper.save(take)
            raise Interrupted
        if keeper.is_due(at):
            keeper.save(take)

    run.fit.between = between
    return keeper


@contextmanager
def naming_last_state(keeper: Keeper) -> Iterator[None]:
    """Let a `Diverged` that leaves the block say from which step there is a state that is sound."""
    try:
        yield
    except Diverged as error:
        error.facts["last_good_step"] = keeper.last_step
        if keeper.last_step:
            error.detail += f" The checkpoint of step {keeper.last_step} is kept."
        raise


def _go_on(
    run: Run, report: Report, *, identity: Mapping[str, Any], here: Mapping[str, Any], settings: RunSettings
) -> Position:
    found = find_state(settings.states, identity=identity, environment=here)
    began = _BEGINNING if found.state is None else found.state.position
    if found.state is not None:
        run.go_on_from(found.state)
        report.message(f"goes on after step {began.step} ({began.epoch} whole epochs)")
    warn(report, found.warnings)
    report.begun(step=began.step, epoch=began.epoch, warnings=found.warnings)
    return began
