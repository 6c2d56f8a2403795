"""Preprocessing steps."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from ml.model.file import with_preprocessing
from ml.steps import AUGMENTATIONS, LAYERS, Augmentation, output_shape, preprocess, preprocessing_layers
from ml.steps.draws import Draws
from trainshed.specs import STEP_CLASSES, RandomFlip, RandomTranslate, Rescale, Resize

IMAGES = np.random.Generator(np.random.PCG64(1)).random((64, 10, 8, 2), np.float32)
ROWS = np.arange(64)
AUGMENTING = (RandomFlip(step="random_flip", direction="both"), RandomTranslate(step="random_translate"))
SAVED = (Rescale(step="rescale", scale=0.5, offset=-1.0), Resize(step="resize", height=19, width=21))


def test_each_step_of_the_spec_language_has_exactly_one_function():
    assert LAYERS.keys() | AUGMENTATIONS.keys() == set(STEP_CLASSES)
    assert not LAYERS.keys() & AUGMENTATIONS.keys()
    assert {cls for cls in STEP_CLASSES if cls.augments} == AUGMENTATIONS.keys()


def test_rescale_multiplies_then_adds():
    layers = preprocessing_layers(SAVED[:1])
    np.testing.assert_allclose(preprocess(layers, np.full((1, 2, 2, 1), 6, np.uint8)), np.full((1, 2, 2, 1), 2.0))


def test_resize_changes_height_and_width_and_keeps_channels():
    layers = preprocessing_layers(SAVED)
    assert output_shape(layers, (10, 8, 2)) == (19, 21, 2)
    assert preprocess(layers, IMAGES).shape == (64, 19, 21, 2)


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic"])
def test_the_saved_model_computes_the_same_numbers_as_training_saw(interpolation):
    layers = preprocessing_layers((SAVED[0], Resize(step="resize", height=12, width=9, interpolation=interpolation)))
    network = keras.Sequential([keras.Input((12, 9, 2)), keras.layers.Flatten()])
    model = with_preprocessing(layers, network, image_shape=(10, 8, 2), name="m")
    from_model = keras.ops.convert_to_numpy(model(IMAGES)).reshape(64, 12, 9, 2)
    np.testing.assert_array_equal(from_model, preprocess(layers, IMAGES))


def test_preprocessing_in_pieces_equals_preprocessing_at_once():
    layers = preprocessing_layers(SAVED)
    many = np.tile(IMAGES, (20, 1, 1, 1))
    np.testing.assert_array_equal(preprocess(layers, many)[1200:], preprocess(layers, many[1200:]))


def test_augmentation_of_an_example_does_not_depend_on_its_batch():
    augment = Augmentation.of(AUGMENTING, seed=5)
    whole = augment(IMAGES, epoch=3, examples=ROWS)
    some = np.array([40, 7, 63])
    np.testing.assert_array_equal(augment(IMAGES[some], epoch=3, examples=some), whole[some])


def test_augmentation_changes_with_seed_epoch_and_example():
    whole = Augmentation.of(AUGMENTING, seed=5)(IMAGES, epoch=3, examples=ROWS)
    assert (Augmentation.of(AUGMENTING, seed=6)(IMAGES, epoch=3, examples=ROWS) != whole).any()
    assert (Augmentation.of(AUGMENTING, seed=5)(IMAGES, epoch=4, examples=ROWS) != whole).any()
    assert (Augmentation.of(AUGMENTING, seed=5)(IMAGES, epoch=3, examples=ROWS + 64) != whole).any()


def test_two_equal_steps_draw_different_numbers():
    once, twice = Draws(0, 1, 0, ROWS), Draws(0, 1, 1, ROWS)
    assert (once.uniform(0) != twice.uniform(0)).any()
    assert (once.uniform(0) != once.uniform(1)).any()


def test_augmentation_leaves_the_training_data_as_it_was():
    before = IMAGES.copy()
    Augmentation.of(AUGMENTING, seed=5)(IMAGES, epoch=1, examples=ROWS)
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize(("direction", "axes"), [("horizontal", [2]), ("vertical", [1])])
def test_flip_mirrors_about_half_of_the_images_whole(direction, axes):
    flipped = Augmentation.of([RandomFlip(step="random_flip", direction=direction)], seed=0)(
        IMAGES, epoch=1, examples=ROWS
    )
    mirrored = (flipped == np.flip(IMAGES, axes)).all(axis=(1, 2, 3))
    untouched = (flipped == IMAGES).all(axis=(1, 2, 3))
    assert (mirrored ^ untouched).all()
    assert 20 <= mirrored.sum() <= 44


def test_translate_moves_whole_pixels_up_to_its_share_and_fills_with_its_value():
    image = np.zeros((1, 10, 10, 1), np.float32)
    image[0, 5, 5] = 1
    n = 500
    step = RandomTranslate(step="random_translate", height=0.2, width=0.1, fill=-7.0)
    moved = Augmentation.of([step], seed=0)(np.tile(image, (n, 1, 1, 1)), epoch=1, examples=np.arange(n))
    shifts = np.argwhere(moved[..., 0] == 1)[:, 1:] - 5
    assert len(shifts) == n
    assert set(shifts[:, 0]) == {-2, -1, 0, 1, 2}
    assert set(shifts[:, 1]) == {-1, 0, 1}
    filled = (moved == -7).sum(axis=(1, 2, 3))
    down, right = np.abs(shifts).T
    np.testing.assert_array_equal(filled, 100 - (10 - down) * (10 - right))


def test_draws_are_uniform_and_pinned():
    numbers = Draws(seed=2**32 - 1, epoch=7, position=2, examples=np.arange(100_000)).uniform(1)
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert abs(counts - 5000).max() < 350
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02
    assert Draws(0, 1, 0, np.array([0, 1])).uniform(0).tolist() == [0.9752873302169826, 0.0029887481482393508]
