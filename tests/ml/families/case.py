"""What the tests of families need to know of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

Document = dict[str, Any]
Roots = tuple[Path, ...]


@dataclass(frozen=True)
class Case:
    """A family: how its data is written, its spec, and its way from raw data to answers without `evaluate`."""

    family: str
    write: Callable[[Path], Path]
    """Write good data into a folder."""
    spec: Callable[[Path], Document]
    """A train spec for the data at a path."""
    networks: Callable[[str], tuple[keras.Model, tuple[int, ...]]]
    """By the name of a preset: the network, and the shape of its outputs for one example."""
    measured: Callable[[Path, Roots], Document]
    """From the output folder and the data roots, without `evaluate`: some of what it measures on all rows."""
    unlabelled: Callable[[Path], Path]
    """Write the same data into a folder as one has it who wants answers: without them, and columns in another order."""
    judged: Callable[[Sequence[Mapping[str, str]]], Document]
    """From rows of predictions.csv and the raw data: some of what `evaluate` measures, to the last bit."""
    bad: Mapping[str, tuple[Callable[[Path], Path], str]]
    """What may be wrong with data, by name: how it is written, and what the error says."""


def spec_of(family: str, path: Path, **keys: Any) -> Document:
    """Return a short training of a family on the data at a path."""
    return {
        "kind": "train",
        "name": "tiny",
        "data": {"path": str(path), "split": {"validation": 0.2, "test": 0.2}},
        "model": {"family": family},
        "training": {"epochs": 3, "batch_size": 8, "learning_rate": 0.01},
        **keys,
    }
