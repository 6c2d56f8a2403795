"""How TensorFlow is set up in the process of one job, before its first operation."""

from __future__ import annotations

import keras
import tensorflow as tf


def set_up(*, threads: int, seed: int) -> None:
    """Make this process deterministic: fixed thread counts, explicit seeds, deterministic kernels.

    Call it before the first operation: afterwards TensorFlow raises RuntimeError for another number of threads.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
