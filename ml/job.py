"""What `ml.run` is given beside the spec, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def never() -> bool:
    """Return that nobody asks for a stop."""
    return False


@dataclass(frozen=True, slots=True)
class DataFile:
    """An uploaded version of a dataset that the worker has fetched and verified."""

    path: Path
    filename: str
    """As it was uploaded."""
    is_decoded: bool = False
    """Whether the path is a folder of `ml.data.decoded`, and not the file itself."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What the worker decides, not the spec."""

    threads: int
    """TensorFlow threads, both within one operation and between operations. Results depend on it."""
    data_roots: tuple[Path, ...]
    """Folders below which `data.path` may be read (TRAINSHED_DATA_ROOTS)."""
    data_files: Mapping[str, DataFile] = field(default_factory=dict)
    """Uploaded datasets by what specs call them, for example `faces@2`."""
    states: tuple[Path, ...] = ()
    """States of an earlier attempt to go on from, the latest first."""
    halvings: int = 0
    """How often the batch is to be halved, because a whole one did not fit into the memory before."""
    should_stop: Callable[[], bool] = never
    """Asked between two steps of training: whether to write a state and leave with `Interrupted`."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a job that succeeded came out."""

    metrics: dict[str, float]
    """The numbers of its headline."""
    facts: dict[str, Any]
    """What else is worth keeping; JSON types."""
