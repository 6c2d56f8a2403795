"""A network with its loss and optimizer, as two compiled functions: `learn` from a batch, `measure` a batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Learner:
    """Classification: sparse categorical cross-entropy from logits, Adam.

    Both functions take images (n, height, width, channels) float32 and labels (n,) int64, and return a float32 tensor
    of shape (2,): the sum of the losses and the number of correct predictions. They do not wait for the result.
    """

    def __init__(self, network: keras.Model, *, learning_rate: float) -> None:
        self.network = network
        self._optimizer = keras.optimizers.Adam(learning_rate)
        # Before the trace: variables made inside of one would make TensorFlow trace the step twice.
        self._optimizer.build(network.trainable_variables)
        # Without a batch size in the signature, the smaller last batch would be traced by itself.
        signature = (tf.TensorSpec(network.input_shape, tf.float32), tf.TensorSpec((None,), tf.int64))
        self.learn = tf.function(self._learn, input_signature=signature, autograph=False)
        self.measure = tf.function(self._measure, input_signature=signature, autograph=False)

    def _learn(self, images: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = self.network(images, training=True)
            losses = cross_entropy(labels, logits)
            loss = tf.reduce_mean(losses)
        variables = self.network.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        return _sums(losses, logits, labels)

    def _measure(self, images: Any, labels: Any) -> Any:
        logits = self.network(images, training=False)
        return _sums(cross_entropy(labels, logits), logits, labels)


def cross_entropy(labels: Any, logits: Any) -> Any:
    """Return the loss of each example, shape (n,)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def _sums(losses: Any, logits: Any, labels: Any) -> Any:
    correct = tf.equal(tf.argmax(logits, axis=-1), labels)
    return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(tf.cast(correct, tf.float32))])
