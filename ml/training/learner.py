"""A network with its objective and optimizer, as compiled functions: `learn` from examples, `measure` examples.

All that learning depends on beside its arguments is in variables, which `state` hands out and `restore` takes back:
weights, moving averages and dropout seeds of the network, and everything the optimizer remembers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.training.norms import layer_names, norms
from ml.training.objective import Objective


class Learner:
    """Learns from inputs (n, ...) as the network takes them, and targets as the objective has them.

    `learn(inputs, targets)` takes any number of batches at once, makes one step with each, and returns a float32 tensor
    of shape (steps, 2): the sum of the losses and the sum of the scores. `measure(inputs, targets)` returns the same
    for one step. Neither waits for its result. Whether batches come one by one or several at once changes no bit of any
    result.
    """

    def __init__(
        self,
        network: keras.Model,
        optimizer: keras.Optimizer,
        objective: Objective,
        *,
        batch_size: int,
    ) -> None:
        self.network = network
        self.layer_names = layer_names(network.trainable_variables)
        self._optimizer = optimizer
        self._objective = objective
        self._batch_size = batch_size
        # Before the trace: variables made inside of one would make TensorFlow trace the step twice.
        optimizer.build(network.trainable_variables)
        # Without a batch size in the signature, the smaller last batch would be traced by itself.
        inputs = tf.TensorSpec(network.input_shape, network.inputs[0].dtype)
        taught = (inputs, objective.taught)
        self.learn = tf.function(self._learn, input_signature=taught, autograph=False)
        self.learn_recorded = tf.function(self._learn_recorded, input_signature=taught, autograph=False)
        self.measure = tf.function(self._measure, input_signature=(inputs, objective.measured), autograph=False)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of all variables by name."""
        return {name: np.array(keras.ops.convert_to_numpy(variable)) for name, variable in self._variables().items()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Set all variables to what `state` returned. Raises KeyError for another network or optimizer."""
        for name, variable in self._variables().items():
            variable.assign(state[name])

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the network have its averaged weights within the block; without `ema` nothing happens."""
        if not self._optimizer.use_ema:
            yield
            return
        raw = self.network.trainable_variables
        kept = [keras.ops.convert_to_numpy(variable) for variable in raw]
        self._optimizer.finalize_variable_values(raw)
        try:
            yield
        finally:
            for variable, value in zip(raw, kept, strict=True):
                variable.assign(value)

    def settle(self) -> None:
        """Give the network its averaged weights for good: learning is over."""
        if self._optimizer.use_ema:
            self._optimizer.finalize_variable_values(self.network.trainable_variables)

    def learning_rate(self) -> float:
        """Return the learning rate of the next step."""
        return float(keras.ops.convert_to_numpy(self._optimizer.learning_rate))

    def _variables(self) -> dict[str, keras.Variable]:
        # Without the full path: layers without a name of their own are numbered through the whole process.
        listed = [("network", self.network.variables), ("optimizer", self._optimizer.variables)]
        return {
            f"{owner}/{number}/{variable.name}": variable
            for owner, variables in listed
            for number, variable in enumerate(variables)
        }

    def _learn(self, inputs: Any, targets: Any) -> Any:
        size = self._batch_size
        steps = (tf.shape(targets)[0] + size - 1) // size

        def one(step: Any, sums: Any) -> tuple[Any, Any]:
            batch = slice(step * size, (step + 1) * size)
            return step + 1, sums.write(step, self._step(inputs[batch], targets[batch])[0])

        empty = tf.TensorArray(tf.float32, steps, element_shape=(2,))
        _, sums = tf.while_loop(lambda step, _: step < steps, one, (0, empty), parallel_iterations=1)
        return sums.stack()

    def _learn_recorded(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Make one step and return its sums (1, 2) and norms (3, layers): weights before, gradients, updates."""
        variables = self.network.trainable_variables
        before = [tf.identity(variable.value) for variable in variables]
        sums, gradients = self._step(inputs, targets)
        updates = [variable.value - old for variable, old in zip(variables, before, strict=True)]
        return sums[None], tf.stack([norms(self.layer_names, part) for part in (before, gradients, updates)])

    def _step(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            outputs = self.network(inputs, training=True)
            losses = self._objective.losses(targets, outputs)
            loss = tf.reduce_mean(losses)
        variables = self.network.trainable_variables
        # Those of an embedding come as slices, which norms and clipping do not take.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        self._optimizer.apply(gradients, variables)
        return tf.stack([tf.reduce_sum(losses), self._objective.sum_scores(targets, outputs)]), gradients

    def _measure(self, inputs: Any, targets: Any) -> Any:
        outputs, objective = self.network(inputs, training=False), self._objective
        loss = tf.reduce_sum(objective.plain_losses(targets, outputs))
        return tf.stack([loss, objective.sum_scores(targets, outputs)])[None]
