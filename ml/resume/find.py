"""Finds the state to go on from among those that an earlier attempt left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.resume.environment import differences
from ml.resume.file import DamagedState, read_state
from ml.resume.state import TrainingState


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A state to go on from, or None; and what a reader of the numbers should know."""

    state: TrainingState | None
    warnings: tuple[str, ...]


def find_state(paths: Iterable[Path], *, identity: Mapping[str, Any], environment: Mapping[str, Any]) -> Found:
    """Return the first state that is whole and of the same training.

    One that is damaged or of another training is left out with a warning; another environment is a warning, too.
    """
    warnings: list[str] = []
    for path in paths:
        try:
            state = read_state(path)
        except (DamagedState, OSError) as error:
            warnings.append(f"A checkpoint could not be read: {error}.")
            continue
        changed = differences(state.values.get("identity", {}), identity)
        if changed:
            warnings.append(f"A checkpoint is of another training: {'; '.join(changed)}.")
            continue
        other = differences(state.environment, environment)
        if other:
            warnings.append(f"The rest may not be bit for bit what an uninterrupted run gives: {'; '.join(other)}.")
        return Found(state, tuple(warnings))
    if warnings:
        warnings.append("Training begins anew.")
    return Found(None, tuple(warnings))
