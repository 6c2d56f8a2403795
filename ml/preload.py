"""For the zygote: imports all that a job will need, and starts none of it.

A process in which TensorFlow has run one operation cannot be forked: the child hangs on threads it does not have. So
nothing here makes a tensor, a layer or a dataset, and `context_initialised` tells before each fork whether that held.
Importing this module imports no TensorFlow.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

from ml.versions import versions

__all__ = ["context_initialised", "preload", "versions"]

_LIBRARIES: Final = ("tensorflow", "keras", "sklearn.datasets", "sklearn.linear_model", "sklearn.metrics", "h5py")
_PICTURES: Final = tuple(f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm", "WebP"))
_LAZY: Final = ("encodings.cp437", "sklearn.datasets.data", "sklearn.datasets.descr", *_PICTURES)
"""Modules that the above import at first use. Each fork would import them again."""


def preload() -> None:
    """Import the libraries, what they import lazily, and `ml.run`."""
    for name in (*_LIBRARIES, *_LAZY, "ml.run", "ml.decode"):
        importlib.import_module(name)
    versions()  # reading them imports more of importlib.metadata, by Python version


def context_initialised() -> bool:
    """Whether TensorFlow has made its context, after which this process must not fork. False if it is not imported."""
    module = sys.modules.get("tensorflow.python.eager.context")
    return module is not None and module.context_safe() is not None
