"""Made-up scenes: real things on real photographs, with exact boxes, the same ones each time."""

from __future__ import annotations

import numpy as np
import pytest

from ml.boxes.portraits import portraits
from ml.boxes.scenes import DIGIT_SCENES, Size, compose, load_digit_scenes
from ml.boxes.sprites import Sprites, Wardrobe, digits, garments
from ml.errors import InvalidData

SIZE = Size(60, 30, side=64, least=18, most=32)


def squares(value: int, *, black: int = 0) -> Wardrobe:
    """Return things that are all one square of a value, some of whose columns are black."""
    images = np.full((4, 8, 8), value, np.uint8)
    images[:, :, :black] = 0
    things = Sprites(images, np.arange(4))
    return Wardrobe(things, things, tuple("abcd"), provenance="drawn", licence="CC0", mirrors=True)


@pytest.fixture(scope="module")
def scenes():
    return compose(DIGIT_SCENES, digits(), SIZE, seed=1)


def test_scenes_are_a_pure_function_of_the_seed(scenes):
    assert compose(DIGIT_SCENES, digits(), SIZE, seed=1).digest == scenes.digest
    assert compose(DIGIT_SCENES, digits(), SIZE, seed=2).digest != scenes.digest


def test_each_scene_has_one_to_three_things_that_do_not_touch(scenes):
    assert set(scenes.counts) == {1, 2, 3}
    for row in range(len(scenes)):
        boxes, _ = scenes.boxes_of(row)
        for at, (left, top, right, bottom) in enumerate(boxes):
            assert 0 <= left < right <= 64
            assert 0 <= top < bottom <= 64
            others = np.delete(boxes, at, axis=0)
            apart = (others[:, 0] >= right) | (others[:, 2] <= left) | (others[:, 1] >= bottom) | (others[:, 3] <= top)
            assert apart.all()


def test_a_box_is_exactly_around_the_pixels_of_its_thing():
    bright, dark = (compose("s", squares(value), SIZE, seed=1) for value in (250, 60))
    np.testing.assert_array_equal(bright.boxes, dark.boxes)
    for row in range(len(bright)):
        inside = np.zeros((64, 64), bool)
        for left, top, right, bottom in bright.boxes_of(row)[0].astype(int):
            inside[top:bottom, left:right] = True
        np.testing.assert_array_equal((bright.images[row] != dark.images[row]).any(axis=2), inside)


def test_the_black_around_a_thing_is_not_in_its_box():
    boxes = compose("s", squares(250, black=5), SIZE, seed=1).boxes
    shares = (boxes[:, 2] - boxes[:, 0]) / (boxes[:, 3] - boxes[:, 1])
    assert (shares > 0.3).all()
    assert (shares < 0.55).all()


def test_scenes_to_test_on_are_the_last_ones_and_have_other_things(scenes):
    assert (scenes.own_validation_from, scenes.own_test_from) == (None, 60)
    things = digits()
    both = {one.tobytes() for one in things.train.images} & {one.tobytes() for one in things.test.images}
    assert len(both) < 5


def test_scenes_say_that_they_are_synthetic_and_of_what():
    found = load_digit_scenes()
    assert found.synthetic
    assert found.provenance.startswith("Synthetic: composed by Trainshed, seed 0, of UCI Optical Recognition")
    assert (len(found), found.image_shape, found.class_names[3]) == (2500, (64, 64, 3), "3")


def test_portraits_show_each_thing_once_with_its_class():
    first, again = (portraits(digits(), train=200, test=100, side=32, seed=4) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    (train, labels), (test, _) = first
    assert (train.shape, test.shape, labels.shape) == ((200, 32, 32, 3), (100, 32, 32, 3), (200,))
    assert len({image.tobytes() for image in (*train, *test)}) == 300
    counts = np.bincount(labels, minlength=10)
    assert counts.min() >= 10
    # As many of each class as its things are drawn: none is drawn twice.
    everyone, _ = portraits(digits(), train=5000, test=1, side=32, seed=4)
    np.testing.assert_array_equal(np.bincount(everyone[1]), np.bincount(digits().train.labels))


def test_scenes_of_garments_say_how_to_install_them_where_they_are_not(tmp_path):
    with pytest.raises(InvalidData, match="there is no") as caught:
        garments(tmp_path / "none")
    assert "apt-get install dataset-fashion-mnist" in caught.value.remedy
    assert "synthetic/digit-scenes" in caught.value.remedy
