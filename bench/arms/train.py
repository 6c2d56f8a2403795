"""Workload W as one would write it by hand: `python bench/arms/train.py DATA.npz`. Prints its outputs as JSON.

Network, data, batch size, optimizer, learning rate, seed and the order of the examples are those of the job that
Trainshed runs, so that both learn the same. It imports nothing of Trainshed: it also runs in the peers' interpreters.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any

# TensorFlow is imported when a job needs it, as a task module of a queue would: the client of one never does.
# ruff: noqa: PLC0415

BATCH = 64
LEARNING_RATE = 0.001
SEED = 7


def train(path: str) -> dict[str, Any]:
    """Train one epoch, evaluate, and return accuracy, loss and SHA-256 of the weights."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(SEED)
    with np.load(path) as data:
        images, labels = data["x_train"].astype("float32") / 255, data["y_train"]
        test_images, test_labels = data["x_test"].astype("float32") / 255, data["y_test"]
    model = network(images.shape[1:])
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    order = np.random.default_rng([SEED, 1]).permutation(len(labels))
    model.fit(images[order], labels[order], batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    loss, accuracy = model.evaluate(test_images, test_labels, batch_size=256, verbose=0)
    weights = b"".join(np.ascontiguousarray(array).tobytes() for array in model.get_weights())
    return {"accuracy": accuracy, "loss": loss, "weights": hashlib.sha256(weights).hexdigest()}


def network(shape: tuple[int, ...]) -> Any:
    """Return the network of the preset `cnn_small`."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ]
    )


def main() -> None:
    """Train, and print what came out; to the file that RESULT names as well, for peers that keep the output."""
    text = json.dumps(train(sys.argv[1]))
    print(text, flush=True)
    if "RESULT" in os.environ:
        with open(os.environ["RESULT"], "w") as file:  # noqa: PTH123 - as a script would
            file.write(text)


if __name__ == "__main__":
    main()
