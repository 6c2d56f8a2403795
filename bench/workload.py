"""Workload W: 2,000 images of 28x28 in ten classes, one epoch of `cnn_small`, measured on 1,000 others."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.arms.train import BATCH, LEARNING_RATE, SEED

TRAIN, TEST = 2_000, 1_000
FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
"""Where the Debian package `dataset-fashion-mnist` puts it."""
SIDE = 28


@dataclass(frozen=True)
class Images:
    """Images uint8 (n, 28, 28, 1), labels int64 (n,)."""

    source: str
    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


def images(*, train: int, test: int) -> Images:
    """Return so many images: real ones where the package is installed, otherwise generated ones, which say so."""
    if FASHION_MNIST.is_dir():
        return Images("Fashion-MNIST", _idx("train", train), _idx("t10k", test))
    drawn_images, drawn_labels = generated(train + test, shape=(SIDE, SIDE, 1))
    return Images(
        "generated, shaped like Fashion-MNIST",
        (drawn_images[:train], drawn_labels[:train]),
        (drawn_images[train:], drawn_labels[train:]),
    )


def generated(n: int, *, shape: tuple[int, int, int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return images that can be learned but not at once: a smooth pattern a class, moved about, with noise over it."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (10, shape[0] // 4, shape[1] // 4, shape[2]))
    patterns = coarse.repeat(4, axis=1).repeat(4, axis=2)
    labels = rng.integers(0, 10, n)
    moves = rng.integers(-3, 4, (n, 2))
    found = np.empty((n, *shape), np.uint8)
    for row, (label, move) in enumerate(zip(labels, moves, strict=True)):
        moved = np.roll(patterns[label], move, (0, 1)) + rng.normal(0, 60, shape)
        found[row] = np.clip(moved, 0, 255)
    return found, labels


def write_w(path: Path) -> str:
    """Write the data of W as an npz file that all arms read, and return where it comes from."""
    return write(path, images(train=TRAIN, test=TEST))


def write(path: Path, found: Images) -> str:
    """Write images as an npz file, and return where they come from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    (x_train, y_train), (x_test, y_test) = found.train, found.test
    np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return found.source


def train_spec(data: Path, **training: Any) -> dict[str, Any]:
    """Return the train job of W."""
    recipe = {"epochs": 1, "batch_size": BATCH, "learning_rate": LEARNING_RATE, "seed": SEED}
    return {
        "kind": "train",
        "name": "w",
        "data": {"path": str(data), "split": {"validation": 0}},
        "preprocess": [{"step": "rescale", "scale": 1 / 255}],
        "model": {"family": "image_classifier", "preset": "cnn_small"},
        "training": recipe | training,
        "checkpoint": {"keep_best": False},
    }


def evaluate_spec(train_job: str) -> dict[str, Any]:
    """Return the evaluate job of W."""
    return {"kind": "evaluate", "name": "w", "model": {"job": train_job}, "split": "test"}


def _idx(part: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    with gzip.open(FASHION_MNIST / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + n * SIDE * SIDE), np.uint8, offset=16)
    with gzip.open(FASHION_MNIST / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + n), np.uint8, offset=8)
    return pixels.reshape(n, SIDE, SIDE, 1), labels.astype(np.int64)
