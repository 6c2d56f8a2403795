"""What the binary and the python form of CIFAR-10 share (A. Krizhevsky, 2009): sizes, names of classes, names of files.

https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.data.tree import Entry

SIDE: Final = 32
CHANNELS: Final = 3
PIXELS: Final = SIDE * SIDE * CHANNELS
CLASSES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
REMEDY: Final = "Use the batches as they were published: data_batch_1 to data_batch_5 and test_batch."
_TRAIN: Final = re.compile(r"data_batch_?(\d+)(\.bin)?")
_TEST: Final = re.compile(r"test_batch(\.bin)?")


def as_images(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Turn rows (n, 3072) of red, green and blue planes into images (n, 32, 32, 3)."""
    stacked = planes.reshape(-1, CHANNELS, SIDE, SIDE)
    images: npt.NDArray[np.uint8] = np.ascontiguousarray(stacked.transpose(0, 2, 3, 1))
    return images


def train_batches(entries: Iterable[Entry]) -> list[Entry]:
    """Return the batches to train on by their numbers, and those of no known name after them."""
    return sorted((entry for entry in entries if not is_test_batch(entry)), key=_number)


def is_test_batch(entry: Entry) -> bool:
    """Whether the name is that of the test batch."""
    return _TEST.fullmatch(entry.basename) is not None


def is_batch(entry: Entry) -> bool:
    """Whether the name is that of a batch."""
    return is_test_batch(entry) or _TRAIN.fullmatch(entry.basename) is not None


def _number(entry: Entry) -> tuple[int, Any]:
    match = _TRAIN.fullmatch(entry.basename)
    return (int(match[1]), "") if match else (1 << 62, entry.name)
