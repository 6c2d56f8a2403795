"""Adam as Keras has it, bit for bit, with less to trace.

Keras writes the step of each variable out through its own operations and those of a distribution strategy, and computes
the rate of the step anew for each. To trace that takes a fifth of a second in each process, which a short training
spends most of its time on. Here the rate is computed once, and TensorFlow's operations are called as they are.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

_ops = tf.raw_ops


class _Lean:
    """Mixed into Keras' own classes: slots, weight decay, clipping, averages and accumulation stay theirs."""

    def _backend_update_step(self: Any, gradients: Any, variables: Any, learning_rate: Any) -> None:
        """Update variables and their two moments, in place. All are float32, in every precision."""
        step = tf.cast(self.iterations + 1, tf.float32)
        first, second = (1 - tf.pow(tf.constant(beta, tf.float32), step) for beta in (self.beta_1, self.beta_2))
        rate = tf.cast(learning_rate, tf.float32) * tf.sqrt(second) / first
        for gradient, variable in zip(gradients, variables, strict=True):
            number = self._get_variable_index(variable)
            m, v = self._momentums[number].value.handle, self._velocities[number].value.handle
            self._update(tf.convert_to_tensor(gradient), variable.value.handle, m, v, rate)

    def _update(self: Any, gradient: Any, variable: Any, m: Any, v: Any, rate: Any) -> None:
        _move(m, gradient, 1 - self.beta_1)
        _move(v, _ops.Square(x=gradient), 1 - self.beta_2)
        mean, square = _read(m), _read(v)
        below = _ops.AddV2(x=_ops.Sqrt(x=square), y=self.epsilon)
        change = _ops.RealDiv(x=_ops.Mul(x=mean, y=rate), y=below)
        _ops.AssignSubVariableOp(resource=variable, value=change)


def _move(average: Any, value: Any, share: float) -> None:
    """Move a moving average by a share of the way to a value."""
    way = _ops.Mul(x=_ops.Sub(x=value, y=_read(average)), y=share)
    _ops.AssignAddVariableOp(resource=average, value=way)


def _read(variable: Any) -> Any:
    return _ops.ReadVariableOp(resource=variable, dtype=tf.float32)


class LeanAdam(_Lean, keras.optimizers.Adam):
    """`keras.optimizers.Adam` without `amsgrad`."""


class LeanAdamW(_Lean, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` without `amsgrad`."""
