"""What `ml.run` is given beside the spec, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What the worker decides, not the spec."""

    threads: int
    """TensorFlow threads, both within one operation and between operations. Results depend on it."""
    data_roots: tuple[Path, ...]
    """Folders below which `data.path` may be read (TRAINSHED_DATA_ROOTS)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a job that succeeded came out."""

    metrics: dict[str, float]
    """The numbers of its headline."""
    facts: dict[str, Any]
    """What else is worth keeping; JSON types."""
