"""What made-up scenes are made of: real small pictures of things, and real photographs to lay them on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits, load_sample_images

from ml.data.folders import folder_tree
from ml.data.idx import idx_files, read_idx
from ml.errors import InvalidData

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist has it."""
GARMENTS: Final = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle-boot",
)
_TRAIN_DIGITS: Final = 1400


@dataclass(frozen=True, slots=True, eq=False)
class Sprites:
    """Things on black: bytes (n, side, side), classes (n,)."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """Things to train on, and others to test on."""

    train: Sprites
    test: Sprites
    class_names: tuple[str, ...]
    provenance: str
    licence: str
    mirrors: bool
    """Whether they are the same thing in a mirror."""


def garments(folder: Path = FASHION) -> Wardrobe:
    """Return the 70,000 pictures of Fashion-MNIST. Raises `InvalidData` where it is not installed."""
    if not folder.is_dir():
        raise InvalidData(
            f"synthetic/scenes is composed of Fashion-MNIST, and there is no {folder} on this worker.",
            remedy="Install it there: apt-get install dataset-fashion-mnist; or train on synthetic/digit-scenes.",
            field="data.dataset",
        )
    tree = folder_tree(folder, str(folder))
    parts = read_idx(tree, idx_files(tree))
    train, test = (
        Sprites(parts[part].images.reshape(-1, 28, 28), parts[part].labels.astype(np.int64))
        for part in ("train", "test")
    )
    return Wardrobe(
        train,
        test,
        GARMENTS,
        provenance="Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf, 2017), as packaged by Debian",
        licence="MIT",
        mirrors=True,
    )


def digits() -> Wardrobe:
    """Return the 1,797 handwritten digits of scikit-learn: the last ones are for testing."""
    bunch = load_digits()
    images, labels = np.clip(bunch.images * 16, 0, 255).astype(np.uint8), bunch.target.astype(np.int64)
    return Wardrobe(
        Sprites(images[:_TRAIN_DIGITS], labels[:_TRAIN_DIGITS]),
        Sprites(images[_TRAIN_DIGITS:], labels[_TRAIN_DIGITS:]),
        tuple(str(name) for name in bunch.target_names),
        provenance="UCI Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak, 1998), as shipped with"
        " scikit-learn",
        licence="CC BY 4.0",
        mirrors=False,
    )


def photographs() -> tuple[npt.NDArray[np.uint8], ...]:
    """Return the photographs of scikit-learn, each (height, width, 3)."""
    return tuple(np.asarray(image, np.uint8) for image in load_sample_images().images)
