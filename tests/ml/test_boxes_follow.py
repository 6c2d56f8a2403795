"""A box follows its object: a rectangle is drawn, the picture is changed, and what is found of it is in the box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.boxes.augmentation import BoxAugmentation
from ml.boxes.box_set import BoxSet, whole_frames
from ml.boxes.following import NONE, frame_of_steps, padded
from ml.boxes.frames import Frame
from ml.steps import output_shape, preprocess, preprocessing_layers
from trainshed.specs import parse_spec
from trainshed.specs.step import Step

HEIGHT, WIDTH = 48, 64
BOXES = ((20, 8, 44, 22), (6, 26, 18, 46))
MOVES = {
    "flip": [{"step": "random_flip", "direction": "both"}],
    "translate": [{"step": "random_translate", "height": 0.5, "width": 0.5}],
    "crop": [{"step": "random_crop", "padding": 16, "border": "constant"}],
    "zoom": [{"step": "random_zoom", "amount": 0.5}],
    "all": [
        {"step": "random_zoom", "amount": 0.3},
        {"step": "random_flip"},
        {"step": "random_translate", "height": 0.2, "width": 0.2},
        {"step": "random_crop", "padding": 6, "border": "constant"},
        {"step": "random_brightness", "amount": 0.05},
    ],
}


def steps(listed: list[dict[str, object]]) -> tuple[Step, ...]:
    spec = {"kind": "train", "name": "n", "data": {"path": "/x"}, "model": {"family": "object_detector"}}
    return parse_spec(spec | {"preprocess": listed}).preprocess


def pictures(count: int) -> BoxSet:
    """Return black pictures with two rectangles: the first is bright in red, the second in green."""
    images = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8)
    for kind, (left, top, right, bottom) in enumerate(BOXES):
        images[:, top:bottom, left:right, kind] = 200
    return BoxSet(
        source="drawn",
        images=images,
        boxes=np.tile(np.array(BOXES, np.float32), (count, 1)),
        classes=np.tile(np.arange(2), count),
        firsts=np.arange(count + 1) * 2,
        class_names=("red", "green"),
        names=tuple(map(str, range(count))),
        frames=whole_frames(count),
        provenance="drawn",
        licence="CC0",
    )


def edges_of(image: np.ndarray, kind: int, least: float = 60) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom of what is bright in a colour; None: nothing is."""
    bright = image[..., kind] > least
    rows, columns = (np.flatnonzero(bright.any(axis=axis)) for axis in (1, 0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if len(rows) else None


@pytest.mark.parametrize("name", MOVES)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), epoch=st.integers(1, 1000))
def test_a_box_follows_its_rectangle_through_augmentation(name, seed, epoch):
    given_ = pictures(6)
    source = BoxAugmentation(
        steps(MOVES[name]), (), seed, given_.images, padded(given_, np.arange(6), Frame(), height=HEIGHT, width=WIDTH)
    )
    images, targets = source(np.arange(6), epoch=epoch)
    for image, boxes in zip(images, targets, strict=True):
        for kind, box in enumerate(boxes):
            assert box[0] in (kind, NONE)
            if box[0] != NONE:
                np.testing.assert_allclose(box[1:], edges_of(image, kind), atol=1.6)


def test_a_box_of_which_too_little_is_left_is_none_and_one_of_which_more_is_left_is_cut():
    given_ = pictures(200)
    source = BoxAugmentation(
        steps(MOVES["translate"]), (), 0, given_.images, padded(given_, np.arange(200), Frame(), height=48, width=64)
    )
    images, targets = source(np.arange(200), epoch=1)
    whole = [(right - left) * (bottom - top) for left, top, right, bottom in BOXES]
    in_sight = np.array([[np.count_nonzero(image[..., kind]) for kind in (0, 1)] for image in images]) / whole
    np.testing.assert_array_equal(targets[..., 0] == NONE, in_sight < 0.25)
    assert 0 < np.count_nonzero(in_sight < 0.25) < np.count_nonzero(in_sight < 1)
    assert targets[..., 1:].min() >= 0
    assert (targets[..., 3].max(), targets[..., 4].max()) <= (WIDTH, HEIGHT)


def test_what_a_picture_becomes_depends_on_seed_epoch_and_picture_alone():
    given_ = pictures(8)
    targets = padded(given_, np.arange(8), Frame(), height=HEIGHT, width=WIDTH)
    source = BoxAugmentation(steps(MOVES["all"]), (), 5, given_.images, targets)
    together = source(np.arange(8), epoch=2)
    alone = [source(np.array([row]), epoch=2) for row in range(8)]
    for at, whole in enumerate(together):
        np.testing.assert_array_equal(np.concatenate([one[at] for one in alone]), whole)
    assert not np.array_equal(source(np.arange(8), epoch=3)[1], together[1])


SAVED = {
    "resize": [{"step": "resize", "height": 96, "width": 96}],
    "shrink": [{"step": "resize", "height": 32, "width": 48}],
    "crop": [{"step": "center_crop", "height": 47, "width": 61}],
    "pad": [{"step": "pad", "height": 65, "width": 64}],
    "all": [
        {"step": "pad", "height": 64, "width": 96},
        {"step": "resize", "height": 32, "width": 64},
        {"step": "center_crop", "height": 32, "width": 48},
        {"step": "rescale", "scale": 1.0},
    ],
}


@pytest.mark.parametrize("name", SAVED)
def test_a_box_follows_its_rectangle_through_the_steps_that_are_saved_and_back(name):
    given_, chosen = pictures(1), steps(SAVED[name])
    layers = preprocessing_layers(chosen, given_.images, np.arange(1))
    frame = frame_of_steps(chosen, layers, given_.image_shape)
    (image,) = preprocess(layers, given_.images)
    height, width, _ = output_shape(layers, given_.image_shape)
    (targets,) = padded(given_, np.arange(1), frame, height=height, width=width)
    for kind, box in enumerate(targets):
        np.testing.assert_allclose(box[1:], edges_of(image, kind, least=99), atol=0.75)
    np.testing.assert_allclose(frame.undone(frame.placed(given_.boxes)), given_.boxes, atol=1e-4)
