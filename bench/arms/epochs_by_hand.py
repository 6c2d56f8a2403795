"""Epochs as one would write them by hand: `python -m bench.arms.epochs_by_hand DATA BATCH EPOCHS SEED`.

Keras' own `fit` on arrays in memory. Prints wall and CPU seconds of each epoch but the first, and the test accuracy.
"""

from __future__ import annotations

import json
import sys
import time

import keras
import numpy as np

from bench.arms.train import LEARNING_RATE, network


class Times(keras.callbacks.Callback):
    """Notes when each epoch ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[tuple[float, float]] = []

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.ends.append((time.perf_counter(), time.process_time()))


def main() -> None:
    path, batch, epochs, seed = sys.argv[1], *map(int, sys.argv[2:5])
    keras.utils.set_random_seed(seed)
    with np.load(path) as data:
        images, labels = data["x_train"].astype("float32") / 255, data["y_train"]
        test_images, test_labels = data["x_test"].astype("float32") / 255, data["y_test"]
    model = network(images.shape[1:])
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    times = Times()
    model.fit(images, labels, batch_size=batch, epochs=epochs, verbose=0, callbacks=[times])
    _, accuracy = model.evaluate(test_images, test_labels, batch_size=256, verbose=0)
    print(json.dumps({"ends": times.ends, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
