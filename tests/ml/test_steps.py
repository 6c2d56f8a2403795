"""Preprocessing steps."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

from ml.errors import InvalidData
from ml.model.archive import check_archive
from ml.model.file import load_model, with_preprocessing
from ml.steps import AUGMENTATIONS, LAYERS, MIXTURES, Augmentation, output_shape, preprocess, preprocessing_layers
from ml.steps.draws import Draws
from ml.steps.warp import warp
from tests.ml.tiny import recipe, trained
from trainshed.specs import OF_IMAGES, RandomColor, RandomFlip, RandomTranslate, Rescale, Resize, Step

IMAGES = np.random.Generator(np.random.PCG64(1)).random((64, 10, 8, 3), np.float32)
LABELS = np.arange(64) % 4
ROWS = np.arange(64)
AUGMENTING = (RandomFlip(step="random_flip", direction="both"), RandomTranslate(step="random_translate"))
SAVED = (Rescale(step="rescale", scale=0.5, offset=-1.0), Resize(step="resize", height=19, width=21))
BY_NAME = {cls.model_fields["step"].annotation.__args__[0]: cls for cls in OF_IMAGES}  # type: ignore[union-attr]
SAVED_DOCUMENTS = [
    {"step": "rescale", "scale": 0.5, "offset": -1.0},
    {"step": "standardize"},
    {"step": "min_max"},
    {"step": "per_image_standardize"},
    {"step": "resize", "height": 19, "width": 21},
    {"step": "center_crop", "height": 5, "width": 7},
    {"step": "pad", "height": 13, "width": 8},
    {"step": "grayscale"},
]
NO_STRENGTH: list[dict[str, Any]] = [
    {"step": "random_translate", "height": 0, "width": 0},
    {"step": "random_crop", "padding": 0},
    {"step": "random_rotate", "degrees": 0},
    {"step": "random_zoom", "amount": 0},
    {"step": "random_contrast", "amount": 0},
    {"step": "random_brightness", "amount": 0},
    {"step": "random_color", "saturation": 0, "hue": 0},
    {"step": "cutout", "size": 0},
    {"step": "mixup", "strength": 0},
    {"step": "cutmix", "strength": 0},
]


def make(document: dict[str, Any]) -> Step:
    return BY_NAME[document["step"]].model_validate_json(json.dumps(document))


def augmenting(*steps: Step, seed: int = 5, images: np.ndarray = IMAGES, labels: np.ndarray = LABELS) -> Augmentation:
    return Augmentation.of(steps, seed=seed, images=images, labels=labels, n_classes=4)


def saved(*documents: dict[str, Any], images: np.ndarray = IMAGES, rows: np.ndarray = ROWS) -> list[keras.Layer]:
    return preprocessing_layers([make(document) for document in documents], images, rows)


def test_each_step_of_the_spec_language_has_exactly_one_function():
    registries = (LAYERS, AUGMENTATIONS, MIXTURES)
    assert set().union(*registries) == set(OF_IMAGES)
    assert sum(len(registry) for registry in registries) == len(OF_IMAGES)
    assert {cls for cls in OF_IMAGES if cls.augments} == AUGMENTATIONS.keys() | MIXTURES.keys()


def test_rescale_multiplies_then_adds():
    layers = saved(SAVED_DOCUMENTS[0])
    np.testing.assert_allclose(preprocess(layers, np.full((1, 2, 2, 1), 6, np.uint8)), np.full((1, 2, 2, 1), 2.0))


def test_resize_changes_height_and_width_and_keeps_channels():
    layers = preprocessing_layers(SAVED, IMAGES, ROWS)
    assert output_shape(layers, (10, 8, 3)) == (19, 21, 3)
    assert preprocess(layers, IMAGES).shape == (64, 19, 21, 3)


@pytest.mark.parametrize("document", SAVED_DOCUMENTS, ids=lambda document: document["step"])
def test_the_saved_model_computes_the_same_numbers_as_training_saw(document, tmp_path):
    layers = saved(document)
    network = keras.Sequential([keras.Input(output_shape(layers, (10, 8, 3))), keras.layers.Flatten()])
    model = with_preprocessing(layers, keras.Model(network.inputs, network.outputs), input_shape=(10, 8, 3), name="m")
    model.save(tmp_path / "model.keras")
    check_archive(tmp_path / "model.keras")
    seen = preprocess(layers, IMAGES)
    loaded = keras.ops.convert_to_numpy(load_model(tmp_path / "model.keras")(IMAGES))
    np.testing.assert_array_equal(loaded.reshape(seen.shape), seen)


def test_preprocessing_in_pieces_equals_preprocessing_at_once():
    layers = preprocessing_layers(SAVED, IMAGES, ROWS)
    many = np.tile(IMAGES, (20, 1, 1, 1))
    np.testing.assert_array_equal(preprocess(layers, many)[1200:], preprocess(layers, many[1200:]))


def test_standardize_brings_each_channel_of_the_train_part_to_mean_zero_and_deviation_one():
    images = IMAGES * np.array([1.0, 10.0, 100.0], np.float32) + 1000
    ours = preprocess(saved({"step": "standardize"}, images=images, rows=ROWS[:40]), images)[:40]
    np.testing.assert_allclose(ours.mean(axis=(0, 1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(ours.std(axis=(0, 1, 2)), 1, rtol=1e-3)


@pytest.mark.parametrize("name", ["standardize", "min_max"])
def test_a_fitted_step_never_looks_beyond_the_train_part(name):
    """A leak would show: the test rows are far from all others."""
    leaking = IMAGES.copy()
    leaking[40:] += 1e6
    fitted, honest = (saved({"step": name}, images=images, rows=ROWS[:40]) for images in (leaking, IMAGES))
    np.testing.assert_array_equal(preprocess(fitted, IMAGES), preprocess(honest, IMAGES))


def test_a_fitted_step_sees_the_images_as_the_steps_before_it_leave_them():
    layers = saved({"step": "rescale", "scale": 100.0}, {"step": "min_max"})
    ours = preprocess(layers, IMAGES)
    assert (ours.min(), ours.max()) == pytest.approx((0, 1), abs=1e-5)


def test_per_image_standardize_looks_at_one_image_at_a_time():
    layers = saved({"step": "per_image_standardize"})
    ours = preprocess(layers, IMAGES * 50)
    np.testing.assert_allclose(ours.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(ours.std(axis=(1, 2, 3)), 1, rtol=1e-3)
    assert np.abs(preprocess(layers, np.full((1, 10, 8, 3), 7.0, np.float32))).max() < 1e-2


def test_pad_and_center_crop_undo_each_other():
    layers = saved({"step": "pad", "height": 13, "width": 11}, {"step": "center_crop", "height": 10, "width": 8})
    assert output_shape(layers, (10, 8, 3)) == (10, 8, 3)
    np.testing.assert_array_equal(preprocess(layers, IMAGES), IMAGES)


def test_grayscale_weighs_the_colours_and_to_rgb_repeats_or_drops_channels():
    gray = preprocess(saved({"step": "grayscale"}), IMAGES)
    np.testing.assert_allclose(gray[..., 0], IMAGES @ np.array([0.299, 0.587, 0.114], np.float32), rtol=1e-5)
    back = preprocess(saved({"step": "to_rgb"}, images=gray), gray)
    np.testing.assert_array_equal(back, np.repeat(gray, 3, axis=3))
    four = np.concatenate([IMAGES, IMAGES[..., :1]], axis=3)
    np.testing.assert_array_equal(preprocess(saved({"step": "to_rgb"}, images=four), four), IMAGES)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"step": "center_crop", "height": 11, "width": 8}, "cannot cut 11 x 8 pixels out of images of 10 x 8"),
        ({"step": "pad", "height": 10, "width": 7}, "cannot make 10 x 7 pixels of images of 10 x 8"),
        ({"step": "to_rgb"}, "takes images of 1 or 4 channels, and these have 3"),
    ],
)
def test_images_that_a_step_cannot_take_are_refused(document, says):
    with pytest.raises(InvalidData, match=says):
        saved(document)


@pytest.mark.parametrize(
    ("name", "says"), [("standardize", "Channel 0 has the same value"), ("min_max", "All pixels .* are 3")]
)
def test_images_without_any_difference_are_refused_by_fitted_steps(name, says):
    with pytest.raises(InvalidData, match=says):
        saved({"step": name}, images=np.full((4, 3, 3, 1), 3, np.uint8), rows=ROWS[:4])


def test_grayscale_and_random_color_refuse_images_without_colours():
    gray = IMAGES[..., :1]
    with pytest.raises(InvalidData, match="these have 1"):
        saved({"step": "grayscale"}, images=gray)
    with pytest.raises(InvalidData, match="these have 1"):
        augmenting(make({"step": "random_color"}), images=gray)(ROWS, epoch=1)


def test_many_draws_at_once_are_those_that_come_one_by_one():
    draws = Draws(5, 3, 2, ROWS)
    numbers = np.array([0, 7, 1 << 20])
    np.testing.assert_array_equal(
        draws.uniforms(numbers), np.stack([draws.uniform(int(one)) for one in numbers], axis=1)
    )


EACH = [cls for cls in OF_IMAGES if cls.augments]


@pytest.mark.parametrize("cls", EACH, ids=lambda cls: cls.__name__)
def test_what_an_example_becomes_is_a_pure_function_of_seed_epoch_and_example(cls):
    step = make({"step": next(name for name, found in BY_NAME.items() if found is cls)})
    augment = augmenting(step)
    before = IMAGES.copy()
    images, targets = augment(ROWS, epoch=3)
    assert (images.shape, images.dtype) == (IMAGES.shape, np.float32)
    some = np.array([40, 7, 63])
    few, few_targets = augment(some, epoch=3)
    np.testing.assert_array_equal(few, images[some])  # not of its batch
    np.testing.assert_array_equal(few_targets, targets[some])
    assert (augmenting(step, seed=6)(ROWS, epoch=3)[0] != images).any()
    assert (augment(ROWS, epoch=4)[0] != images).any()
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize("document", NO_STRENGTH, ids=lambda document: document["step"])
def test_a_step_without_strength_changes_nothing(document):
    images, targets = augmenting(make(document))(ROWS, epoch=1)
    np.testing.assert_array_equal(images, IMAGES)
    labels = targets if targets.ndim == 1 else targets.argmax(axis=1)
    np.testing.assert_array_equal(labels, LABELS)


def test_all_steps_one_after_the_other_still_depend_on_the_example_alone():
    augment = augmenting(*(make({"step": name}) for name, cls in BY_NAME.items() if cls.augments))
    images, shares = augment(ROWS, epoch=2)
    some = np.array([9, 60])
    few, few_shares = augment(some, epoch=2)
    np.testing.assert_array_equal(few, images[some])
    np.testing.assert_array_equal(few_shares, shares[some])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("cls", [cls for cls in EACH if cls is not RandomColor], ids=lambda cls: cls.__name__)
def test_training_with_a_step_does_not_depend_on_the_feeding(cls):
    name = next(name for name, found in BY_NAME.items() if found is cls)
    step = make({"step": name, "padding": 1} if name == "random_crop" else {"step": name})
    direct, _ = trained(recipe(epochs=1, feeding="direct", steps_per_call=1), [step])
    fetched, _ = trained(recipe(epochs=1, feeding="prefetch", steps_per_call=3), [step])
    for one, other in zip(direct.network.get_weights(), fetched.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_equal_steps_draw_different_numbers():
    once, twice = Draws(0, 1, 0, ROWS), Draws(0, 1, 1, ROWS)
    assert (once.uniform(0) != twice.uniform(0)).any()
    assert (once.uniform(0) != once.uniform(1)).any()


@pytest.mark.parametrize(("direction", "axes"), [("horizontal", [2]), ("vertical", [1])])
def test_flip_mirrors_about_half_of_the_images_whole(direction, axes):
    flipped, _ = augmenting(RandomFlip(step="random_flip", direction=direction), seed=0)(ROWS, epoch=1)
    mirrored = (flipped == np.flip(IMAGES, axes)).all(axis=(1, 2, 3))
    untouched = (flipped == IMAGES).all(axis=(1, 2, 3))
    assert (mirrored ^ untouched).all()
    assert 20 <= mirrored.sum() <= 44


def test_translate_moves_whole_pixels_up_to_its_share_and_fills_with_its_value():
    image = np.zeros((1, 10, 10, 1), np.float32)
    image[0, 5, 5] = 1
    n = 500
    step = RandomTranslate(step="random_translate", height=0.2, width=0.1, fill=-7.0)
    images, labels = np.tile(image, (n, 1, 1, 1)), np.zeros(n, np.int64)
    moved, _ = augmenting(step, seed=0, images=images, labels=labels)(np.arange(n), epoch=1)
    shifts = np.argwhere(moved[..., 0] == 1)[:, 1:] - 5
    assert len(shifts) == n
    assert set(shifts[:, 0]) == {-2, -1, 0, 1, 2}
    assert set(shifts[:, 1]) == {-1, 0, 1}
    filled = (moved == -7).sum(axis=(1, 2, 3))
    down, right = np.abs(shifts).T
    np.testing.assert_array_equal(filled, 100 - (10 - down) * (10 - right))


def test_crop_shows_a_window_of_the_bordered_image():
    image = np.arange(100, dtype=np.float32).reshape(1, 10, 10, 1)
    step = make({"step": "random_crop", "padding": 2, "border": "constant", "fill": -1})
    n = 200
    cut, _ = augmenting(step, images=np.tile(image, (n, 1, 1, 1)), labels=np.zeros(n, np.int64))(np.arange(n), epoch=1)
    bordered = np.pad(image[0, :, :, 0], 2, constant_values=-1)
    windows = {bordered[i : i + 10, j : j + 10].tobytes() for i in range(5) for j in range(5)}
    assert {window.tobytes() for window in np.ascontiguousarray(cut[..., 0])} == windows


def test_rotate_by_a_quarter_is_exact_and_turns_either_way():
    image = np.arange(25, dtype=np.float32).reshape(5, 5, 1)
    turned = warp(np.stack([image, image]), np.array([[[0, -1], [1, 0]], [[0, 1], [-1, 0]]], float), fill=0)
    np.testing.assert_allclose(turned[0, ..., 0], np.rot90(image[..., 0], -1), atol=1e-5)
    np.testing.assert_allclose(turned[1, ..., 0], np.rot90(image[..., 0]), atol=1e-5)


def test_zoom_blends_neighbours_and_fills_what_comes_in():
    image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    half = warp(image, np.eye(2)[None] * 0.5, fill=-1)[0, ..., 0]
    np.testing.assert_allclose(half, [[2, 2.5, 3], [3.5, 4, 4.5], [5, 5.5, 6]], atol=1e-5)
    twice = warp(image, np.eye(2)[None] * 2, fill=-1)[0, ..., 0]
    assert twice[1, 1] == 4
    assert (np.delete(twice.ravel(), 4) == -1).all()


def test_color_keeps_brightness():
    images, _ = augmenting(make({"step": "random_color", "saturation": 0.5, "hue": 90}))(ROWS, epoch=1)
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(images @ luma, IMAGES @ luma, atol=1e-4)


def test_cutout_covers_a_square_of_its_size_or_what_of_it_lies_inside():
    images, _ = augmenting(make({"step": "cutout", "size": 0.5, "fill": -5}))(ROWS, epoch=1)
    covered = (images == -5).all(axis=3).sum(axis=(1, 2))
    assert covered.max() == 16
    assert covered.min() >= 4


def test_cutmix_gives_the_other_class_the_share_of_the_pixels_it_replaced():
    flat = np.broadcast_to(LABELS[:, None, None, None], (64, 10, 8, 1)).astype(np.float32)
    images, shares = augmenting(make({"step": "cutmix"}), images=flat)(ROWS, epoch=1)
    for label in range(4):
        np.testing.assert_allclose((images == label).mean(axis=(1, 2, 3)), shares[:, label], atol=1e-6)
    assert (shares.max(axis=1) < 1).any()


def test_mixup_blends_labels_as_it_blends_pixels():
    flat = np.eye(4, dtype=np.float32)[LABELS][:, None, None, :]
    images, shares = augmenting(make({"step": "mixup"}), images=flat)(ROWS, epoch=1)
    np.testing.assert_allclose(images[:, 0, 0, :], shares, atol=1e-6)
    assert shares.max(axis=1).min() >= 0.79
    assert (shares.max(axis=1) < 1).any()


def test_draws_are_uniform_and_pinned():
    numbers = Draws(seed=2**32 - 1, epoch=7, position=2, examples=np.arange(100_000)).uniform(1)
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert abs(counts - 5000).max() < 350
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.02
    assert Draws(0, 1, 0, np.array([0, 1])).uniform(0).tolist() == [0.9752873302169826, 0.0029887481482393508]
