"""Writes images in the exact binary format of CIFAR-10, for tests of the reader and for measurements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.data.kinds import CIFAR_RECORD


def write_batch(path: Path, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> None:
    """Write images (n, 32, 32, 3) and labels (n,) as records: the label, then the red, green and blue plane."""
    records = np.empty((len(labels), CIFAR_RECORD), np.uint8)
    records[:, 0] = labels
    records[:, 1:] = images.transpose(0, 3, 1, 2).reshape(len(labels), -1)
    path.write_bytes(records.tobytes())


def write_batches(
    folder: Path,
    train: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]],
    test: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]],
    names: Sequence[str],
) -> None:
    """Write `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin` and `batches.meta.txt` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = (np.array_split(array, 5) for array in train)
    for number, (some, theirs) in enumerate(zip(images, labels, strict=True), start=1):
        write_batch(folder / f"data_batch_{number}.bin", some, theirs)
    write_batch(folder / "test_batch.bin", *test)
    (folder / "batches.meta.txt").write_text("".join(f"{name}\n" for name in names))
