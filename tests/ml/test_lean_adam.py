"""The lean steps are Keras' own, bit for bit."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from ml.training.lean_adam import LeanAdam, LeanAdamW

PAIRS = [
    (LeanAdam, keras.optimizers.Adam, {}),
    (LeanAdam, keras.optimizers.Adam, {"global_clipnorm": 0.1}),
    (LeanAdam, keras.optimizers.Adam, {"use_ema": True, "ema_momentum": 0.5, "gradient_accumulation_steps": 2}),
    (LeanAdamW, keras.optimizers.AdamW, {"weight_decay": 0.1}),
]


def _weights_after(optimizer: keras.Optimizer, *, steps: int = 12) -> list[np.ndarray]:
    """Return two variables, one of which has sparse gradients, and their averages, after some steps."""
    random = np.random.default_rng(0)
    matrix, table = (keras.Variable(random.normal(size=shape).astype("float32")) for shape in ((3, 4), (6, 2)))
    for step in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(matrix.value**2) + tf.reduce_sum(tf.gather(table.value, [step % 6]) ** 2)
        gradients: list[Any] = tape.gradient(loss, [matrix.value, table.value])
        optimizer.apply(gradients, [matrix, table])
    return [np.asarray(variable) for variable in (matrix, table, *optimizer.variables)]


@pytest.mark.parametrize(("ours", "theirs", "options"), PAIRS)
def test_a_lean_step_is_that_of_keras(ours: type[Any], theirs: type[Any], options: dict[str, Any]) -> None:
    lean, written_out = (_weights_after(kind(learning_rate=0.1, **options)) for kind in (ours, theirs))

    assert len(lean) == len(written_out)
    for one, other in zip(lean, written_out, strict=True):
        np.testing.assert_array_equal(one, other)
