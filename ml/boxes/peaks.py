"""From the maps of a detector to boxes: cells that are surer than those around them (Zhou and others, 2019)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.boxes.box_set import Boxes
from ml.data.dataset import Labels
from ml.training.center_points import SIZE_UNIT

MOST_FOUND: Final = 100
"""Boxes of one picture, the surest ones, as COCO counts."""
LEAST_SCORE: Final = 0.01
"""What is less sure is nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Boxes on pictures, in pixels; all arrays have as many entries as there are boxes."""

    pictures: npt.NDArray[np.int64]
    """Place of the picture among those that were looked at."""
    classes: Labels
    scores: npt.NDArray[np.float64]
    boxes: Boxes

    def where(self, kept: npt.NDArray[Any]) -> Found:
        """Return some of them."""
        return Found(self.pictures[kept], self.classes[kept], self.scores[kept], self.boxes[kept])


def finder(model: Any, *, n_classes: int, stride: int) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]:
    """Return a function from pictures to what `peaks` gives, in pixels as the network sees them."""

    @tf.function(input_signature=[tf.TensorSpec(model.input_shape, model.inputs[0].dtype)], autograph=False)
    def find(images: Any) -> Any:
        return peaks(model(images, training=False), n_classes=n_classes, stride=stride)

    return lambda images: np.asarray(find(images))


def peaks(outputs: Any, *, n_classes: int, stride: int) -> Any:
    """Return (n, most, 6) of maps (n, height, width, classes + 4), the surest first."""
    _, height, width, _ = outputs.shape
    heat = tf.sigmoid(outputs[..., :n_classes])
    highest = tf.nn.max_pool2d(heat, 3, 1, "SAME")
    flat = tf.reshape(tf.where(tf.equal(heat, highest), heat, 0.0), [tf.shape(heat)[0], -1])
    scores, places = tf.math.top_k(flat, k=min(MOST_FOUND, height * width * n_classes))
    cells, classes = places // n_classes, places % n_classes
    said = tf.gather(tf.reshape(outputs[..., n_classes:], [tf.shape(heat)[0], -1, 4]), cells, batch_dims=1)
    middle = tf.stack([cells % width, cells // width], axis=-1)
    middle = tf.cast(middle, tf.float32) + 0.5 + said[..., :2]
    half = SIZE_UNIT / 2 * tf.exp(tf.clip_by_value(said[..., 2:], -6.0, 6.0))
    edges = tf.concat([middle - half, middle + half], axis=-1) * float(stride)
    return tf.concat([tf.cast(classes, tf.float32)[..., None], scores[..., None], edges], axis=-1)


def as_found(listed: npt.NDArray[np.float32], *, first: int) -> Found:
    """Return what `peaks` gave for pictures from place `first` on, without what is not sure at all."""
    pictures, ranks = np.nonzero(listed[..., 1] >= LEAST_SCORE)
    chosen = listed[pictures, ranks]
    return Found(
        pictures.astype(np.int64) + first,
        chosen[:, 0].astype(np.int64),
        chosen[:, 1].astype(np.float64),
        chosen[:, 2:],
    )


def joined(pieces: list[Found]) -> Found:
    """Return all of them."""
    return Found(
        *(np.concatenate([getattr(one, name) for one in pieces]) for name in ("pictures", "classes", "scores", "boxes"))
    )
