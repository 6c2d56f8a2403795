"""Really runs an operation of TensorFlow."""

import tensorflow as tf

from ml.preload import context_initialised

__all__ = ["context_initialised", "preload"]


def preload() -> None:
    tf.constant(1)
