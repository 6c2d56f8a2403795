"""How boxes follow the steps of preprocessing: those saved with the model, and those of training alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.boxes.box_set import Boxes, BoxSet
from ml.boxes.frames import Frame
from ml.boxes.visible import visible
from ml.steps.draws import Draws
from ml.steps.random_crop import crop_boxes
from ml.steps.random_flip import flip_boxes
from ml.steps.random_translate import translate_boxes
from ml.steps.random_zoom import zoom_boxes
from trainshed import specs
from trainshed.specs import Step

NONE: Final = -1
"""The class of a place in `padded` that holds no box."""

MOVES: Final[dict[type[Step], Callable[..., Boxes]]] = {
    specs.RandomFlip: flip_boxes,
    specs.RandomTranslate: translate_boxes,
    specs.RandomCrop: crop_boxes,
    specs.RandomZoom: zoom_boxes,
}
"""Steps that move what is on a picture: `(step, boxes, draws, *, height, width)` gives boxes where they come to lie."""


def frame_of_steps(steps: Sequence[Step], layers: Sequence[keras.Layer], image_shape: tuple[int, int, int]) -> Frame:
    """Return where the steps that are saved with the model bring a place of a picture; `layers` carry them out."""
    frame, shape = Frame(), (None, *image_shape)
    saved = [step for step in steps if not step.augments]
    for step, layer in zip(saved, layers, strict=True):
        after = layer.compute_output_shape(shape)
        frame = frame.then(_frame_of(step, (shape[1], shape[2]), (after[1], after[2])))
        shape = after
    return frame


def padded(pictures: BoxSet, rows: npt.NDArray[np.int64], frame: Frame, *, height: int, width: int) -> Boxes:
    """Return the boxes of pictures as the network sees them: (n, most, 5) of class, left, top, right, bottom."""
    most = max(int(pictures.counts[rows].max(initial=0)), 1)
    targets = np.full((len(rows), most, 5), 0, np.float32)
    targets[..., 0] = NONE
    for at, row in enumerate(rows):
        boxes, classes = pictures.boxes_of(int(row))
        placed, kept = visible(frame.placed(boxes), height, width)
        classes = classes[kept]
        targets[at, : len(classes), 0] = classes
        targets[at, : len(classes), 1:] = placed[kept]
    return targets


def moved(step: Step, targets: Boxes, draws: Draws, *, height: int, width: int) -> Boxes:
    """Return targets (n, most, 5) where the step brings what they are around. What leaves the picture is no more."""
    move: Any = MOVES.get(type(step))
    if move is None:
        return targets
    boxes, kept = visible(move(step, targets[..., 1:], draws, height=height, width=width), height, width)
    followed = np.concatenate([targets[..., :1], boxes], axis=-1)
    followed[~kept, 0] = NONE
    return followed


def _frame_of(step: Step, before: tuple[int, int], after: tuple[int, int]) -> Frame:
    """Return what one step does to pictures of (height, width) `before`."""
    (height, width), (new_height, new_width) = before, after
    match step:
        case specs.Resize():
            return Frame(new_width / width, 0.0, new_height / height, 0.0)
        case specs.CenterCrop():
            return Frame(1.0, -float((width - new_width) // 2), 1.0, -float((height - new_height) // 2))
        case specs.Pad():
            return Frame(1.0, float((new_width - width) // 2), 1.0, float((new_height - height) // 2))
        case _:
            return Frame()
