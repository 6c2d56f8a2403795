"""Architectures by name. Each takes pairs (n, 2) of int32: the numbers of a user and of an item, 0 for one not known.

A network of `explicit` feedback gives (n, 2): the standardised rating, and the sum of squares of all that it was made
of, which the loss holds down. One of `implicit` feedback gives (n, items + 1): a logit for each item. In both, a user's
vector is the output of the layer `VECTOR`, those of items are the weights of the layer `ITEMS`, and what is not known
adds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.ratings.divide import Feedback

layers, ops = keras.layers, keras.ops
VECTOR: Final = "user_vector"
ITEMS: Final = "items"
USER_BIAS: Final = "user_bias"
ITEM_BIAS: Final = "item_bias"
HISTORY: Final = "history"
SAID: Final = "said"
MOST_HISTORY: Final = 200
"""Items of a user's history that are looked at."""

History = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """What a network is built for. The numbers of users and items are without the one that stands for unknown."""

    users: int
    items: int
    factors: int
    history: History
    """Shape (users + 1, at most `MOST_HISTORY`): the numbers of what each user has chosen, 0 for no more. As float32,
    which holds them exactly up to 2 ** 24."""
    said: History | None = None
    """Of ratings, of the same shape: how each of them was rated, standardised."""
    dropout: float = 0.0


def build(preset: str, feedback: Feedback, sizes: Sizes) -> keras.Model:
    """Return the network of a preset."""
    pairs = keras.Input((2,), dtype="int32", name="pairs")
    user, item = pairs[:, 0], pairs[:, 1]
    parts = _parts(preset, feedback, sizes, user, item)
    summed = layers.Add(name="parts")(parts) if len(parts) > 1 else parts[0]
    vector = layers.Dropout(sizes.dropout, name=VECTOR)(summed)  # of share 0, it hands on what it is given
    outputs = _rating(vector, user, item, sizes) if feedback == "explicit" else _choice(vector, sizes)
    network = keras.Model(pairs, outputs, name=preset)
    _fill(network, sizes)
    return network


def _parts(preset: str, feedback: Feedback, sizes: Sizes, user: Any, item: Any) -> list[Any]:
    """Return what a user's vector is the sum of.

    A vector of the user's own would let an `implicit` network with a history know the item that its example leaves out.
    """
    has_history = preset == "mf_history"
    own = [] if has_history and feedback == "implicit" else [_embedded("users", sizes.users, sizes.factors, user)]
    return [*own, _history(sizes, user, item)] if has_history else own


def _rating(vector: Any, user: Any, item: Any, sizes: Sizes) -> Any:
    """Koren, Bell and Volinsky, "Matrix factorization techniques for recommender systems", 2009."""
    of_item = _embedded(ITEMS, sizes.items, sizes.factors, item)
    biases = [_embedded(USER_BIAS, sizes.users, 1, user), _embedded(ITEM_BIAS, sizes.items, 1, item)]
    product = layers.Dot(axes=1, name="product")([vector, of_item])
    rating = layers.Add(dtype="float32", name="rating")([product, *biases])
    squares = [layers.Dot(axes=1, dtype="float32")([each, each]) for each in (vector, of_item, *biases)]
    size = layers.Add(dtype="float32", name="size")(squares)
    return layers.Concatenate(dtype="float32", name="rating_and_size")([rating, size])


def _choice(vector: Any, sizes: Sizes) -> Any:
    return layers.Dense(sizes.items + 1, dtype="float32", name=ITEMS)(vector)


def _history(sizes: Sizes, user: Any, item: Any) -> Any:
    """Return the sum over what the user has chosen, but for the item of the example, by the root of their number.

    Of ratings it is the asymmetric SVD of Koren ("Factorization meets the neighborhood", 2008), of choices FISM
    (Kabbur, Ning and Karypis, 2013).
    """
    numbers = ops.cast(_stored(HISTORY, sizes, user), "int32")
    others = ops.not_equal(numbers, ops.expand_dims(item, -1))
    taken = ops.cast(ops.logical_and(ops.not_equal(numbers, 0), others), "float32")
    sums = [_chosen("chosen", sizes, numbers, taken)]
    if sizes.said is not None:
        weights = layers.Multiply(dtype="float32", name="said_of_others")([taken, _stored(SAID, sizes, user)])
        sums.append(_chosen("rated", sizes, numbers, weights))
    summed = layers.Add(name="history_sum")(sums) if len(sums) > 1 else sums[0]
    number = layers.Dot(axes=1, dtype="float32", name="history_number")([taken, taken])
    return layers.Multiply(name="history_mean")([summed, ops.rsqrt(number + 1.0)])


def _stored(name: str, sizes: Sizes, user: Any) -> Any:
    length = sizes.history.shape[1]
    return layers.Embedding(sizes.users + 1, length, trainable=False, dtype="float32", name=name)(user)


def _chosen(name: str, sizes: Sizes, numbers: Any, weights: Any) -> Any:
    vectors = layers.Embedding(sizes.items + 1, sizes.factors, name=name)(numbers)
    return layers.Dot(axes=1, name=f"{name}_sum")([weights, vectors])


def _embedded(name: str, count: int, width: int, numbers: Any) -> Any:
    start = "zeros" if width == 1 else "uniform"
    return layers.Embedding(count + 1, width, embeddings_initializer=start, name=name)(numbers)


def _fill(network: keras.Model, sizes: Sizes) -> None:
    """Let what is not known add nothing: zeros have no gradient here, so they stay. Then put the history in."""
    for layer in network.layers:
        if isinstance(layer, layers.Embedding):
            (values,) = layer.get_weights()
            values[0] = 0.0
            layer.set_weights([{HISTORY: sizes.history, SAID: sizes.said}.get(layer.name, values)])
