"""Architectures by name: transformers with normalisation before each layer (Vaswani et al., "Attention is all you
need", 2017; Xiong et al., "On layer normalization in the transformer architecture", 2020).

Each takes (n, 2, length) of int32: in row 0 the pieces of the source, in row 1 those of the target behind `BEGIN`; and
gives logits (n, length, pieces): of what follows each piece of row 1. 0 stands for nothing. Pieces have one embedding
for source, target and logits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import keras

layers, ops = keras.layers, keras.ops
ENCODED: Final = "encoded"
"""The layer whose output is what the decoder looks at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a preset is."""

    width: int
    heads: int
    inner: int
    layers: int
    """Of the encoder, and of the decoder."""
    dropout: float


PRESETS: Final[dict[str, Shape]] = {
    "transformer_small": Shape(width=128, heads=4, inner=512, layers=2, dropout=0.1),
    "transformer_base": Shape(width=256, heads=8, inner=1024, layers=3, dropout=0.2),
}


def build(preset: str, *, pieces: int, length: int, dropout: float | None = None) -> keras.Model:
    """Return the network of a preset for so many pieces, and texts of at most so many."""
    shape = PRESETS[preset]
    share = shape.dropout if dropout is None else dropout
    both = keras.Input((2, None), dtype="int32", name="source_and_target")
    source, target = both[:, 0], both[:, 1]
    # As logits of random vectors of this deviation are of size 1, so are what the layers begin with.
    start = keras.initializers.RandomNormal(stddev=shape.width**-0.5)
    embedding = layers.ReversibleEmbedding(
        pieces, shape.width, embeddings_initializer=start, reverse_dtype="float32", name="pieces"
    )
    scaled = layers.Rescaling(shape.width**0.5, name="scaled")
    seen = ops.expand_dims(ops.not_equal(source, 0), 1)
    x = _placed("source", scaled(embedding(source)), source, length, shape, share)
    for number in range(1, shape.layers + 1):
        x = _attention(f"encoder_{number}", x, None, shape, share, mask=seen)
        x = _inner(f"encoder_{number}", x, shape, share)
    encoded = layers.LayerNormalization(name=ENCODED)(x)
    y = _placed("target", scaled(embedding(target)), target, length, shape, share)
    for number in range(1, shape.layers + 1):
        y = _attention(f"decoder_{number}", y, None, shape, share, causal=True)
        y = _attention(f"decoder_{number}_cross", y, encoded, shape, share, mask=seen)
        y = _inner(f"decoder_{number}", y, shape, share)
    logits = embedding(layers.LayerNormalization(name="decoded")(y), reverse=True)
    return keras.Model(both, logits, name=preset)


def _placed(name: str, x: Any, numbers: Any, length: int, shape: Shape, share: float) -> Any:
    """Add to each piece a vector of its place, from 1 on."""
    places = ops.cumsum(ops.ones_like(numbers), axis=1)
    start = keras.initializers.RandomNormal(stddev=0.1)
    of_place = layers.Embedding(length + 1, shape.width, embeddings_initializer=start, name=f"{name}_places")(places)
    return layers.Dropout(share, name=f"{name}_dropout")(layers.Add(name=f"{name}_placed")([x, of_place]))


def _attention(
    name: str, x: Any, memory: Any, shape: Shape, share: float, *, mask: Any = None, causal: bool = False
) -> Any:
    """Add what is found in `memory`, or without one in `x` itself."""
    query = layers.LayerNormalization(name=f"{name}_attention_norm")(x)
    attention = layers.MultiHeadAttention(shape.heads, shape.width // shape.heads, name=f"{name}_attention")
    found = attention(query, query if memory is None else memory, attention_mask=mask, use_causal_mask=causal)
    return layers.Add(name=f"{name}_attention_add")([x, layers.Dropout(share, name=f"{name}_attention_dropout")(found)])


def _inner(name: str, x: Any, shape: Shape, share: float) -> Any:
    inner = layers.LayerNormalization(name=f"{name}_inner_norm")(x)
    inner = layers.Dense(shape.inner, activation="relu", name=f"{name}_inner_1")(inner)
    inner = layers.Dense(shape.width, name=f"{name}_inner_2")(inner)
    return layers.Add(name=f"{name}_inner_add")([x, layers.Dropout(share, name=f"{name}_inner_dropout")(inner)])
