"""What the tests of `ml` share: tiny specs, tiny data, and one prepared TensorFlow for the whole session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.job import RunSettings
from ml.runtime import set_up

THREADS = 1


def pytest_configure(config: pytest.Config) -> None:
    """Let one warning pass: Keras 3.15 hands NumPy 2 its variables through the old `__array__`."""
    config.addinivalue_line(
        "filterwarnings",
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras.src.backend",
    )


@pytest.fixture(scope="session", autouse=True)
def tensorflow() -> None:
    """TensorFlow takes its number of threads before its first operation, and pytest is one process."""
    set_up(threads=THREADS, seed=0)


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    return RunSettings(threads=THREADS, data_roots=(tmp_path,))


@pytest.fixture
def write_npz(tmp_path: Path) -> Callable[..., Path]:
    """Write arrays to `data.npz` below the data root and return its path."""

    def write(**arrays: Any) -> Path:
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return path

    return write


@pytest.fixture(scope="session")
def shapes() -> dict[str, np.ndarray]:
    """Sixty images of 6x6 pixels in three classes that a network tells apart at once: bright rows at three heights."""
    labels = np.arange(60) % 3
    images = np.random.Generator(np.random.PCG64(7)).integers(0, 60, (60, 6, 6), dtype=np.uint8)
    for row, label in enumerate(labels):
        images[row, 2 * label : 2 * label + 2] = 250
    images.setflags(write=False)
    labels.setflags(write=False)
    return {"x": images, "y": labels}


@pytest.fixture(scope="session")
def make_train_document() -> Callable[[Path], dict[str, Any]]:
    """Make a train spec for the shapes in the file at a path; it runs in well under a second."""

    def make(path: Path) -> dict[str, Any]:
        return {
            "kind": "train",
            "name": "shapes",
            "data": {"path": str(path), "split": {"validation": 0.2, "test": 0.2}},
            "preprocess": [
                {"step": "rescale", "scale": 0.004},
                {"step": "resize", "height": 18, "width": 18},
                {"step": "random_translate", "height": 0.1, "width": 0.1},
            ],
            "model": {"family": "image_classifier"},
            "training": {"epochs": 2, "batch_size": 8, "learning_rate": 0.01},
        }

    return make


@pytest.fixture
def train_document(
    write_npz: Callable[..., Path],
    shapes: dict[str, np.ndarray],
    make_train_document: Callable[[Path], dict[str, Any]],
) -> dict[str, Any]:
    """A train spec with its data written."""
    return make_train_document(write_npz(**shapes))
