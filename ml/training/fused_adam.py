"""Adam (Kingma and Ba, 2015; algorithm 1 with the order of section 2) with one TensorFlow operation for each variable.

Keras writes the step out in about fourteen. To trace, optimize and start those takes a tenth of a second and more in
each process, which a short training spends most of its time on; what is computed is the same up to rounding (in
float32, 1 - 0.999 has four digits that count).
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class _Fused:
    """Mixed into Keras' own classes: slots, weight decay, clipping, averages and accumulation stay theirs."""

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable and its two moments, in place."""
        number = self._get_variable_index(variable)
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = tf.constant(self.beta_1, dtype), tf.constant(self.beta_2, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[number].value.handle,
            v=self._velocities[number].value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),  # rows of an embedding become a whole matrix
        )


class FusedAdam(_Fused, keras.optimizers.Adam):
    """`keras.optimizers.Adam` without `amsgrad`."""


class FusedAdamW(_Fused, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` without `amsgrad`."""
