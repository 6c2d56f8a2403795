"""Architectures by name. Each takes encoded texts (n, length) of int32 and gives logits (n, classes)."""

from __future__ import annotations

from typing import Any, Final, Protocol

import keras

layers = keras.layers
_WIDTH: Final = 64
_DROPOUT: Final = 0.5


class Build(Protocol):
    """Makes a network for a vocabulary of so many numbers."""

    def __call__(self, length: int, size: int, n_classes: int, *, dropout: float | None = None) -> keras.Model: ...


def ngram_mean(length: int, size: int, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return the mean over embeddings (Joulin et al., "Bag of tricks for efficient text classification", 2016)."""
    words, x = _embedded(length, size, _share(dropout), masks=True)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(words, _logits(x, n_classes), name="ngram_mean")


def text_cnn(length: int, size: int, n_classes: int, *, dropout: float | None = None) -> keras.Model:
    """Return convolutions over words (Kim, "Convolutional neural networks for sentence classification", 2014)."""
    share = _share(dropout)
    words, embedded = _embedded(length, size, share, masks=False)
    found = [
        layers.GlobalMaxPooling1D(name=f"max_{width}")(
            layers.Conv1D(_WIDTH, width, padding="same", activation="relu", name=f"conv_{width}")(embedded)
        )
        for width in (2, 3, 4)
    ]
    x = _dropped(layers.Concatenate(name="found")(found), share, "dropout_found")
    return keras.Model(words, _logits(x, n_classes), name="text_cnn")


PRESETS: Final[dict[str, Build]] = {"ngram_mean": ngram_mean, "text_cnn": text_cnn}
TAKES_PAIRS: Final = frozenset({"ngram_mean"})
"""The presets for which pairs of words are words."""


def _share(dropout: float | None) -> float:
    return _DROPOUT if dropout is None else dropout


def _embedded(length: int, size: int, share: float, *, masks: bool) -> tuple[Any, Any]:
    words = keras.Input((length,), dtype="int32", name="encoded")
    x = layers.Embedding(size, _WIDTH, mask_zero=masks, name="embedding")(words)
    return words, _dropped(x, share, "dropout_words")


def _dropped(x: Any, share: float, name: str) -> Any:
    return layers.Dropout(share, name=name)(x) if share else x


def _logits(x: Any, n_classes: int) -> Any:
    # float32 in mixed precision too: a softmax of bfloat16 is too coarse for a loss.
    return layers.Dense(n_classes, dtype="float32", name="logits")(x)
