"""The recipe: each rule does what it says, and none depends on how examples are fed."""

from __future__ import annotations

import json
import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from ml.errors import InvalidData
from ml.model.file import weights_digest
from ml.report import MemoryReport
from ml.training.cross_entropy import CrossEntropy, make_cross_entropy
from ml.training.learner import Learner
from ml.training.optimizers import make_optimizer
from ml.training.schedule import RateSchedule
from ml.training.tuning import tune
from tests.ml.tiny import fit, learner, network, recipe, trained
from trainshed.specs import Schedule, Training

OPTIMIZERS: list[dict[str, Any]] = [
    {"optimizer": "sgd", "nesterov": True},
    {"optimizer": "adam", "clip": {"norm": 1.0}, "schedule": {"shape": "cosine", "warmup_epochs": 1}},
    {"optimizer": "adamw", "ema": 0.9},
    {"optimizer": "rmsprop", "momentum": 0.5, "clip": {"value": 0.1}},
    {"optimizer": "lion", "accumulate_steps": 2},
]


def of(keys: dict[str, Any]) -> Training:
    return Training.model_validate_json(json.dumps({"epochs": 2, "batch_size": 8, **keys}))


def without_time(report: MemoryReport) -> list[tuple[str, int, float]]:
    return [point for point in report.points if point[0] != "epoch/seconds"]


@pytest.mark.parametrize("keys", OPTIMIZERS, ids=lambda keys: keys["optimizer"])
def test_a_recipe_gives_the_same_weights_and_series_whatever_the_feeding(keys):
    direct, told_direct = trained(of({**keys, "feeding": "direct", "steps_per_call": 1}))
    fetched, told_fetched = trained(of({**keys, "feeding": "prefetch", "steps_per_call": 5}))
    assert weights_digest(direct.network) == weights_digest(fetched.network)
    assert without_time(told_direct) == without_time(told_fetched)


def test_recording_norms_changes_no_weight():
    plain, _ = trained(recipe())
    recorded, report = trained(recipe(record_norms_every=3))
    assert weights_digest(plain.network) == weights_digest(recorded.network)
    for quantity in ("weight", "gradient", "update"):
        for layer in ("norm", "logits"):
            assert list(report.series(f"norms/{quantity}/{layer}")) == [3, 6, 9, 12]


def test_recorded_norms_are_those_of_the_step():
    training = recipe(optimizer="sgd", momentum=0.0, learning_rate=0.5)
    learns = learner(training)
    before = [np.asarray(w) for w in learns.network.get_layer("logits").get_weights()]
    _, values = learns.learn_recorded(np.ones((8, 4, 4, 1), np.float32), np.zeros(8, np.int64))
    after = learns.network.get_layer("logits").get_weights()
    weight, gradient, update = np.asarray(values)[:, list(dict.fromkeys(learns.layer_names)).index("logits")]
    assert weight == pytest.approx(math.sqrt(sum(np.square(w).sum() for w in before)), rel=1e-5)
    moved = math.sqrt(sum(np.square(new - old).sum() for new, old in zip(after, before, strict=True)))
    assert update == pytest.approx(moved, rel=1e-4)
    assert update == pytest.approx(0.5 * gradient, rel=1e-4)


@pytest.mark.parametrize("keys", OPTIMIZERS, ids=lambda keys: keys["optimizer"])
def test_a_learner_that_takes_over_the_state_ends_with_the_same_weights(keys):
    training = of(keys)
    whole = learner(training)
    moved = learner(training)
    epochs = iter(fit(training, whole, MemoryReport()))
    next(epochs)
    epochs.close()  # the averages leave the network, as they do after each epoch
    moved.network.set_weights([np.zeros_like(w) for w in moved.network.get_weights()])
    moved.restore(whole.state())
    images, labels = np.ones((16, 4, 4, 1), np.float32), np.arange(16) % 3
    for one in (whole, moved):
        one.learn(images, labels)
    assert weights_digest(whole.network) == weights_digest(moved.network)
    for name, value in whole.state().items():
        np.testing.assert_array_equal(moved.state()[name], value, err_msg=name)


def test_the_averaged_weights_are_validated_and_exported_and_learning_goes_on_from_the_raw_ones():
    training = recipe(ema=0.9)
    learns = learner(training)
    raw = learner(recipe())
    for _ in fit(recipe(), raw, MemoryReport()):
        pass
    during = [weights_digest(learns.network) for _ in fit(training, learns, MemoryReport())]
    assert weights_digest(learns.network) == during[-1]
    assert weights_digest(learns.network) != weights_digest(raw.network)
    kernels = learns.network.get_layer("logits").get_weights()[0], raw.network.get_layer("logits").get_weights()[0]
    assert np.abs(kernels[0] - kernels[1]).max() < 0.2  # an average of where the raw run has been


def test_accumulated_steps_act_as_one_larger_batch():
    images, labels = np.random.Generator(np.random.PCG64(1)).random((16, 4, 4, 1), np.float32), np.arange(16) % 3

    def after(training: Training) -> np.ndarray:
        dense = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, name="d")])
        dense.set_weights([np.full((16, 3), 0.1, np.float32), np.zeros(3, np.float32)])
        tuned = tune(training, examples=16, image_shape=(4, 4, 1), augments=False, threads=1)
        optimizer = make_optimizer(training, tuned, steps_per_epoch=2)
        Learner(dense, optimizer, CrossEntropy(3), batch_size=tuned.batch_size).learn(images, labels)
        return np.asarray(dense.get_weights()[0])

    halves = after(recipe(optimizer="sgd", batch_size=8, accumulate_steps=2))
    whole = after(recipe(optimizer="sgd", batch_size=16))
    np.testing.assert_allclose(halves, whole, rtol=1e-5)


def test_early_stopping_ends_after_its_patience_and_keeps_the_rest_true():
    training = recipe(
        epochs=50, learning_rate=1e-9, early_stopping={"patience": 3, "min_delta": 0.5, "monitor": "validation_loss"}
    )
    _, report = trained(training)
    assert list(report.series("epoch/validation_loss")) == [1, 2, 3, 4]
    assert report.progressed[-1].fraction == 1.0
    assert any("no gain for 3 epochs" in text for text in report.messages)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ({"shape": "constant", "warmup_epochs": 1.0}, {0: 0.2 / 11, 9: 2 / 11, 10: 0.2, 39: 0.2}),
        ({"shape": "step", "every_epochs": 2.0, "factor": 0.5}, {0: 0.2, 19: 0.2, 20: 0.1, 39: 0.1}),
        ({"shape": "exponential", "every_epochs": 1.0, "factor": 0.1}, {0: 0.2, 5: 0.2 * 0.1**0.5, 10: 0.02}),
        ({"shape": "cosine", "final_share": 0.5}, {0: 0.2, 20: 0.15, 40: 0.1}),
        ({"shape": "cosine", "warmup_epochs": 2.0}, {19: 0.2 * 20 / 21, 20: 0.2, 30: 0.1, 40: 0.0}),
    ],
)
def test_a_schedule_has_the_rates_of_its_shape(schedule, expected):
    rate = RateSchedule(Schedule(**schedule), peak=0.2, steps_per_epoch=10, steps=40)
    assert {step: float(rate(step)) for step in expected} == pytest.approx(expected, abs=1e-7)


def test_the_learning_rate_of_a_schedule_is_reported_and_that_of_none_is_not():
    _, scheduled = trained(recipe(schedule=Schedule(shape="cosine"), report_every_steps=7))
    assert scheduled.series("train/learning_rate") == pytest.approx({7: 0.005, 14: 0.0})
    _, constant = trained(recipe())
    assert constant.series("train/learning_rate") == {}


LOGITS = np.array([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]], np.float32)


def test_label_smoothing_spreads_its_share_over_all_classes():
    log = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
    targets = np.full((2, 3), 0.1) + 0.7 * np.eye(3)[[0, 2]]
    smooth = CrossEntropy(3, label_smoothing=0.3).losses(tf.constant([0, 2], tf.int64), tf.constant(LOGITS))
    np.testing.assert_allclose(smooth, -(targets * log).sum(axis=1), rtol=1e-6)


def test_balanced_weights_let_each_class_count_the_same():
    objective = make_cross_entropy(recipe(class_weights="balanced"), class_counts=[10, 30, 20], class_names="abc")
    assert objective.class_weights == pytest.approx((2.0, 2 / 3, 1.0))
    plain = CrossEntropy(3).losses(tf.constant([0, 2], tf.int64), tf.constant(LOGITS))
    weighted = objective.losses(tf.constant([0, 2], tf.int64), tf.constant(LOGITS))
    np.testing.assert_allclose(weighted, plain * np.array([2.0, 1.0]), rtol=1e-6)


def test_shares_of_one_class_each_are_the_same_as_labels():
    objective = CrossEntropy(3, label_smoothing=0.1, class_weights=(1.0, 2.0, 3.0))
    by_label = objective.losses(tf.constant([0, 2], tf.int64), tf.constant(LOGITS))
    by_share = objective.losses(tf.constant(np.eye(3, dtype=np.float32)[[0, 2]]), tf.constant(LOGITS))
    np.testing.assert_allclose(by_label, by_share, rtol=1e-6)


def test_a_weight_for_a_class_that_is_not_there_is_refused():
    with pytest.raises(InvalidData, match="names the class dog, and the data has a, b, c"):
        make_cross_entropy(recipe(class_weights={"dog": 2.0}), class_counts=[1, 1, 1], class_names="abc")


def test_weight_decay_leaves_biases_and_normalisation_alone():
    learns = learner(recipe(optimizer="sgd", momentum=0.0, learning_rate=1e-3, weight_decay=1.0))
    for name in ("norm", "logits"):
        layer = learns.network.get_layer(name)
        layer.set_weights([np.ones_like(w) for w in layer.get_weights()])
    before = learns.network.get_layer("logits").get_weights()
    learns.learn(np.zeros((8, 4, 4, 1), np.float32), np.arange(8) % 3)  # no input: the kernel has hardly a gradient
    plain = learner(recipe(optimizer="sgd", momentum=0.0, learning_rate=1e-3))
    for name in ("norm", "logits"):
        layer = plain.network.get_layer(name)
        layer.set_weights([np.ones_like(w) for w in layer.get_weights()])
    plain.learn(np.zeros((8, 4, 4, 1), np.float32), np.arange(8) % 3)
    (kernel, bias), (plain_kernel, plain_bias) = (
        one.network.get_layer("logits").get_weights() for one in (learns, plain)
    )
    np.testing.assert_allclose(plain_kernel - kernel, before[0] * 1e-3, rtol=1e-3)
    np.testing.assert_array_equal(bias, plain_bias)


@pytest.mark.parametrize(
    ("examples", "batch_size", "rate"), [(1000, 32, 0.001), (12_800, 64, 0.001 * 2**0.8), (60_000, 128, 0.001 * 4**0.8)]
)
def test_auto_takes_the_largest_batch_that_leaves_an_epoch_enough_steps(examples, batch_size, rate):
    tuned = tune(Training(), examples=examples, image_shape=(28, 28, 1), augments=False, threads=2)
    assert (tuned.batch_size, tuned.learning_rate) == (batch_size, pytest.approx(rate))


def test_auto_leaves_a_given_value_alone_and_bounds_the_bytes_of_a_call():
    given = Training(batch_size=48, learning_rate=0.3, steps_per_call=3, feeding="direct")
    tuned = tune(given, examples=60_000, image_shape=(28, 28, 1), augments=True, threads=2)
    assert tuned.facts == {"batch_size": 48, "learning_rate": 0.3, "feeding": "direct", "steps_per_call": 3}
    assert tune(Training(), examples=10, image_shape=(512, 512, 3), augments=True, threads=2).steps_per_call == 1


def test_the_state_of_a_learner_holds_dropout_seeds_and_what_the_optimizer_remembers():
    names = " ".join(learner(recipe(ema=0.9, accumulate_steps=2)).state())
    for part in ("seed_generator", "moving_mean", "iteration", "momentum", "velocity", "average", "accumul"):
        assert part in names, part


def test_a_network_is_made_the_same_each_time():
    assert weights_digest(network()) == weights_digest(network())
