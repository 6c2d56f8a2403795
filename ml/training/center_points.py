"""The objective of detectors: where the middles of things are, how large they are, and what they are.

Zhou, Wang and Krähenbühl, "Objects as points" (2019): a heat map a class with a peak at the middle of each box, learned
with a focal loss. As in Liu and others, "Training-time-friendly network" (2019), a peak is as wide and high as its box
asks, and the cells around a middle learn its box, too, so that a peak one cell beside it still gives the box.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import tensorflow as tf

from ml.training.objective import Score

PRIOR: Final = 0.05
"""What a network says of each cell and class before it has learned anything."""
SIZE_UNIT: Final = 8.0
"""Cells: boxes are learned as the logarithm of their sides by this."""
_SPREAD: Final = 0.54 / 6
"""Of a peak, by the side of its box (Liu and others)."""
_LEAST_SPREAD: Final = 0.4
"""In cells."""
_AROUND: Final = ((-1, -1, -1, 0, 0, 0, 1, 1, 1), (-1, 0, 1) * 3)
"""The cells that learn a box: how far below, and how far right of its middle each is."""
_RIGHT_FROM: Final = 0.5
"""Intersection over union from which on a box is the right one."""


@dataclass(frozen=True, slots=True)
class CenterPoints:
    """Targets are boxes (n, most, 5) float32: class, or -1 for none, then left, top, right and bottom in pixels.

    Outputs are maps (n, height, width, classes + 4): logits of a middle, then where the middle is from that of the
    cell, in cells to the right and down, and the logarithms of width and height. The score is the share of the boxes of
    a picture whose middle says the right class and a box that overlaps enough; of one without, whether no cell is sure.
    """

    score: ClassVar[Score] = "accuracy"

    n_classes: int
    height: int
    """Cells."""
    width: int
    """Cells."""
    stride: int
    """Pixels a cell."""

    @property
    def guessing(self) -> float:
        quiet = -self.height * self.width * self.n_classes * PRIOR**2 * math.log(1 - PRIOR)
        return quiet - (1 - PRIOR) ** 2 * math.log(PRIOR) + 1.0

    @property
    def taught(self) -> tf.TensorSpec:
        return self.measured

    @property
    def measured(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, None, 5), tf.float32)

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each picture, shape (n,)."""
        truth = _Truth.of(targets, self)
        counts = tf.maximum(tf.reduce_sum(truth.there, axis=1), 1.0)
        return (_focal(truth.heat(self), outputs[..., : self.n_classes]) + _misplaced(truth, outputs, self)) / counts

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each picture, shape (n,)."""
        return self.losses(targets, outputs)

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the sum of the shares of boxes that are found, float32."""
        truth = _Truth.of(targets, self)
        said = _cells(outputs, truth.row, truth.column, self.width)
        is_right = tf.cast(tf.equal(tf.argmax(said[..., : self.n_classes], axis=-1), truth.label), tf.float32)
        overlap = _overlap(truth.places(said[..., self.n_classes :]), truth.box)
        found = truth.there * is_right * tf.cast(overlap >= _RIGHT_FROM, tf.float32)
        counts = tf.reduce_sum(truth.there, axis=1)
        quiet = tf.cast(tf.reduce_max(outputs[..., : self.n_classes], axis=[1, 2, 3]) < 0.0, tf.float32)
        shares = tf.where(counts > 0, tf.reduce_sum(found, axis=1) / tf.maximum(counts, 1.0), quiet)
        return tf.reduce_sum(shares)


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    """What targets say, in cells; each field has the shape (n, most) but for the box (n, most, 4)."""

    there: Any
    label: Any
    box: Any
    """Left, top, right, bottom."""
    x: Any
    y: Any
    row: Any
    """Of the cell that the middle lies in."""
    column: Any

    @classmethod
    def of(cls, targets: Any, objective: CenterPoints) -> _Truth:
        box = targets[..., 1:] / float(objective.stride)
        x, y = (box[..., 0] + box[..., 2]) / 2, (box[..., 1] + box[..., 3]) / 2
        return cls(
            there=tf.cast(targets[..., 0] >= 0, tf.float32),
            label=tf.cast(tf.maximum(targets[..., 0], 0), tf.int64),
            box=box,
            x=x,
            y=y,
            row=tf.clip_by_value(tf.cast(y, tf.int32), 0, objective.height - 1),
            column=tf.clip_by_value(tf.cast(x, tf.int32), 0, objective.width - 1),
        )

    def heat(self, objective: CenterPoints) -> Any:
        """Return the map (n, height, width, classes) with a peak of 1 at each middle; where two meet, the higher."""
        high = _peak(self.row, self.box[..., 3] - self.box[..., 1], objective.height)
        wide = _peak(self.column, self.box[..., 2] - self.box[..., 0], objective.width)
        peaks = (high * self.there[..., None])[..., :, None] * wide[..., None, :]
        n = tf.shape(self.there)[0]
        owner = tf.range(n, dtype=tf.int64)[:, None] * objective.n_classes + self.label
        maps = tf.math.unsorted_segment_max(peaks, owner, tf.cast(n, tf.int64) * objective.n_classes)
        shaped = tf.reshape(maps, [n, objective.n_classes, objective.height, objective.width])
        return tf.transpose(tf.maximum(shaped, 0.0), [0, 2, 3, 1])

    def places(self, said: Any) -> Any:
        """Return the boxes (n, most, 4) that the cells of the middles say, in cells."""
        x = tf.cast(self.column, tf.float32) + 0.5 + said[..., 0]
        y = tf.cast(self.row, tf.float32) + 0.5 + said[..., 1]
        half = SIZE_UNIT / 2 * tf.exp(tf.clip_by_value(said[..., 2:], -6.0, 6.0))
        return tf.stack([x - half[..., 0], y - half[..., 1], x + half[..., 0], y + half[..., 1]], axis=-1)


def _peak(middle: Any, side: Any, cells: int) -> Any:
    """Return how high a peak is along one direction, (n, most, cells)."""
    spread = tf.maximum(_SPREAD * side, _LEAST_SPREAD)[..., None]
    distance = tf.range(cells, dtype=tf.float32) - tf.cast(middle, tf.float32)[..., None]
    return tf.exp(-tf.square(distance / spread) / 2)


def _focal(heat: Any, logits: Any) -> Any:
    """Return the sum of the losses of all cells, (n,): the further from a peak, the more a wrong cell costs."""
    sure, unsure = tf.math.log_sigmoid(logits), tf.math.log_sigmoid(-logits)
    said = tf.sigmoid(logits)
    at_peaks = tf.square(1 - said) * sure
    elsewhere = tf.pow(1 - heat, 4) * tf.square(said) * unsure
    return -tf.reduce_sum(tf.where(heat >= 1.0, at_peaks, elsewhere), axis=[1, 2, 3])


def _misplaced(truth: _Truth, outputs: Any, objective: CenterPoints) -> Any:
    """Return the sum of the distances of place and size over all boxes, (n,); of each, the mean around its middle."""
    sides = tf.stack([truth.box[..., 2] - truth.box[..., 0], truth.box[..., 3] - truth.box[..., 1]], axis=-1)
    size = tf.math.log(tf.maximum(sides, 1e-3) / SIZE_UNIT)
    down, right = (tf.constant(each, tf.int32) for each in _AROUND)
    row = tf.clip_by_value(truth.row[..., None] + down, 0, objective.height - 1)
    column = tf.clip_by_value(truth.column[..., None] + right, 0, objective.width - 1)
    said = _cells(outputs, row, column, objective.width)[..., objective.n_classes :]
    cells = tf.cast(tf.stack([column, row], axis=-1), tf.float32) + 0.5
    middle = tf.stack([truth.x, truth.y], axis=-1)[..., None, :] - cells
    far = tf.abs(said[..., :2] - middle) + tf.abs(said[..., 2:] - size[..., None, :])
    return tf.reduce_sum(tf.reduce_mean(tf.reduce_sum(far, axis=-1), axis=-1) * truth.there, axis=1)


def _cells(outputs: Any, row: Any, column: Any, width: int) -> Any:
    """Return what outputs (n, height, width, depth) say in cells (n, ...), shape (n, ..., depth)."""
    flat = tf.reshape(outputs, [tf.shape(outputs)[0], -1, outputs.shape[-1]])
    return tf.gather(flat, row * width + column, batch_dims=1)


def _overlap(one: Any, other: Any) -> Any:
    """Return intersection over union of boxes (n, most, 4), two by two."""
    low, high = tf.maximum(one[..., :2], other[..., :2]), tf.minimum(one[..., 2:], other[..., 2:])
    common = tf.reduce_prod(tf.maximum(high - low, 0.0), axis=-1)
    areas = [tf.reduce_prod(box[..., 2:] - box[..., :2], axis=-1) for box in (one, other)]
    return common / tf.maximum(areas[0] + areas[1] - common, 1e-9)
