"""Translates: one part of a word after the other, each given those before it, several beginnings at a time.

What the layers have made of earlier parts is kept, so a step costs the same however long the text is. It computes what
the network computes, by its weights; a test holds the two together. All steps are one compiled function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.families.translator.presets import ENCODED, PRESETS, Shape
from ml.pairs.subwords import BEGIN, END, PAD

_EPSILON: Final = 1e-3
"""As Keras has it in `LayerNormalization`."""
_NEVER: Final = -1e9
_LENGTH_POWER: Final = 0.6
"""Of its length, by which the score of a finished text is divided (Wu et al., "Google's neural machine translation
system", 2016): without that, short ones would win."""


class _State(NamedTuple):
    """Beginnings of texts, `beam` of each: tensors with a row for each beginning."""

    step: Any
    """Parts that there are, `BEGIN` among them: a scalar."""
    texts: Any
    """Shape (rows, length)."""
    scores: Any
    """Sum of the log-probabilities of the parts, shape (rows,)."""
    ended: Any
    """Whether `END` was said, shape (rows,)."""
    keys: tuple[Any, ...]
    """Of each layer, shape (rows, length, heads, width of a head)."""
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """The decoder of a trained network, by the names of its layers."""

    weights: dict[str, Any]
    """By path, for example `decoder_1_inner_1/kernel`."""
    shape: Shape
    beam: int
    length: int
    """Parts of a translation at most."""

    def translate(self, encoded: Any, seen: Any) -> Any:
        """Return the numbers of the likeliest texts, (n, length) int32: `END` after the last part of each.

        `encoded` is (n, source length, width), `seen` (n, source length) tells what is there.
        """
        count = tf.shape(encoded)[0]
        memory, seen = tf.repeat(encoded, self.beam, axis=0), tf.repeat(seen, self.beam, axis=0)
        looked_at = [self._memory(number, memory) for number in self._numbers]
        end = tf.while_loop(
            lambda state: tf.logical_and(state.step < self.length, tf.logical_not(tf.reduce_all(state.ended))),
            lambda state: (self._step(state, looked_at, seen, count),),
            (self._beginning(count),),
        )[0]
        return self._best(end, count)

    @property
    def _numbers(self) -> range:
        return range(1, self.shape.layers + 1)

    def _beginning(self, count: Any) -> _State:
        rows, head = count * self.beam, self.shape.width // self.shape.heads
        texts = tf.concat([tf.fill((rows, 1), BEGIN), tf.zeros((rows, self.length - 1), tf.int32)], axis=1)
        # All beginnings of a text are the same: only the first may go on, or all would say the same for ever.
        first = tf.tile(tf.constant([0.0] + [_NEVER] * (self.beam - 1)), (count,))
        kept = tuple(tf.zeros((rows, self.length, self.shape.heads, head)) for _ in self._numbers)
        return _State(tf.constant(1), texts, first, tf.zeros((rows,), tf.bool), kept, kept)

    def _step(self, state: _State, looked_at: Sequence[tuple[Any, Any]], seen: Any, count: Any) -> _State:
        at = state.step - 1
        logits, keys, values = self._logits(state.texts[:, at], at, state, looked_at, seen)
        scores, rows, said = self._chosen(state, tf.nn.log_softmax(logits), count)
        texts = tf.tensor_scatter_nd_update(tf.transpose(tf.gather(state.texts, rows)), [[state.step]], said[None, :])
        ended = tf.logical_or(tf.gather(state.ended, rows), tf.equal(said, END))
        pick = lambda kept: tuple(tf.gather(each, rows) for each in kept)  # noqa: E731
        return _State(state.step + 1, tf.transpose(texts), scores, ended, pick(keys), pick(values))

    def _chosen(self, state: _State, told: Any, count: Any) -> tuple[Any, Any, Any]:
        """Return the scores of the best ways to go on, the rows that they go on from, and what they say."""
        pieces = told.shape[-1]
        # A text that has ended goes on with nothing, at no cost.
        nothing = tf.one_hot(PAD, pieces, on_value=0.0, off_value=_NEVER)
        allowed = told + tf.one_hot(PAD, pieces, on_value=_NEVER, off_value=0.0)
        goes_on = tf.where(state.ended[:, None], nothing[None, :], allowed)
        total = tf.reshape(state.scores[:, None] + goes_on, (count, self.beam * pieces))
        scores, places = tf.math.top_k(total, self.beam)
        rows = tf.range(count)[:, None] * self.beam + places // pieces
        return tf.reshape(scores, (-1,)), tf.reshape(rows, (-1,)), tf.reshape(places % pieces, (-1,))

    def _best(self, state: _State, count: Any) -> Any:
        said = tf.reduce_sum(tf.cast(tf.not_equal(state.texts, PAD), tf.float32), axis=1) - 1.0
        scores = tf.reshape(state.scores / tf.pow(tf.maximum(said, 1.0), _LENGTH_POWER), (count, self.beam))
        best = tf.range(count) * self.beam + tf.argmax(scores, axis=1, output_type=tf.int32)
        return tf.gather(state.texts, best)[:, 1:]

    def _logits(
        self, said: Any, at: Any, state: _State, looked_at: Sequence[tuple[Any, Any]], seen: Any
    ) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
        """Return the logits after the parts (rows,) that were said at a place, and what was kept with them."""
        weights = self.weights
        x = tf.gather(weights["pieces/embeddings"], said) * math.sqrt(self.shape.width)
        x += weights["target_places/embeddings"][at + 1]
        is_before = (tf.range(self.length) <= at)[None, :]
        keys, values = [], []
        for number in self._numbers:
            name = f"decoder_{number}"
            normed = self._normed(x, f"{name}_attention_norm")
            kept = (
                _put(state.keys[number - 1], at, self._projected(normed, f"{name}_attention/key")),
                _put(state.values[number - 1], at, self._projected(normed, f"{name}_attention/value")),
            )
            x += self._attention(normed, *kept, is_before, f"{name}_attention")
            normed = self._normed(x, f"{name}_cross_attention_norm")
            x += self._attention(normed, *looked_at[number - 1], seen, f"{name}_cross_attention")
            x += self._inner(self._normed(x, f"{name}_inner_norm"), name)
            keys.append(kept[0])
            values.append(kept[1])
        logits = tf.matmul(self._normed(x, "decoded"), weights["pieces/embeddings"], transpose_b=True)
        return logits, tuple(keys), tuple(values)

    def _memory(self, number: int, memory: Any) -> tuple[Any, Any]:
        name = f"decoder_{number}_cross_attention"
        return self._projected(memory, f"{name}/key"), self._projected(memory, f"{name}/value")

    def _attention(self, query: Any, keys: Any, values: Any, is_there: Any, name: str) -> Any:
        """Return for each row (rows, width) what its query finds among keys and values (rows, n, heads, head)."""
        asked = self._projected(query, f"{name}/query") / math.sqrt(self.shape.width // self.shape.heads)
        weights = tf.einsum("rhd,rnhd->rhn", asked, keys) + tf.where(is_there, 0.0, _NEVER)[:, None, :]
        found = tf.einsum("rhn,rnhd->rhd", tf.nn.softmax(weights), values)
        kernel, bias = (self.weights[f"{name}/attention_output/{part}"] for part in ("kernel", "bias"))
        return tf.einsum("rhd,hdw->rw", found, kernel) + bias

    def _projected(self, x: Any, name: str) -> Any:
        return tf.einsum("...w,whd->...hd", x, self.weights[f"{name}/kernel"]) + self.weights[f"{name}/bias"]

    def _inner(self, x: Any, name: str) -> Any:
        weights = self.weights
        inner = tf.nn.relu(tf.matmul(x, weights[f"{name}_inner_1/kernel"]) + weights[f"{name}_inner_1/bias"])
        return tf.matmul(inner, weights[f"{name}_inner_2/kernel"]) + weights[f"{name}_inner_2/bias"]

    def _normed(self, x: Any, name: str) -> Any:
        mean, variance = tf.nn.moments(x, axes=-1, keepdims=True)
        scale = self.weights[f"{name}/gamma"] * tf.math.rsqrt(variance + _EPSILON)
        return (x - mean) * scale + self.weights[f"{name}/beta"]


def make_translate(
    model: keras.Model, preset: str, *, beam: int, length: int
) -> Callable[[npt.NDArray[np.int32]], npt.NDArray[np.int32]]:
    """Return a compiled function from sources (n, any length) to the numbers of translations (n, length)."""
    encoder = keras.Model(model.input, model.get_layer(ENCODED).output)
    weights = {weight.path: tf.constant(keras.ops.convert_to_numpy(weight)) for weight in model.weights}
    decoder = Decoder(weights, PRESETS[preset], beam, length + 1)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
    def translate(sources: Any) -> Any:
        both = tf.stack([sources, tf.zeros_like(sources)], axis=1)
        return decoder.translate(encoder(both, training=False), tf.not_equal(sources, PAD))

    return lambda sources: np.asarray(translate(sources))


def _put(kept: Any, at: Any, new: Any) -> Any:
    """Return (rows, length, ...) with `new` (rows, ...) at a place."""
    place = tf.one_hot(at, kept.shape[1])[None, :, None, None]
    return kept * (1.0 - place) + new[:, None] * place
