"""A train job from spec to artifacts, on sixty tiny images."""

from __future__ import annotations

import copy
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from ml.errors import Diverged, InvalidData, OutOfMemory
from ml.families import image_classifier
from ml.model.file import load_model, weights_digest
from ml.report import MemoryReport
from ml.run import RunSettings, Summary, run
from ml.training.learner import Learner
from trainshed.specs import load_spec, parse_spec
from trainshed.states import AttemptOutcome

Document = dict[str, Any]


def train(document: Document, workdir: Path, settings: RunSettings) -> tuple[Summary, MemoryReport]:
    report = MemoryReport()
    return run(parse_spec(document), workdir, report, settings=settings), report


def changed(document: Document, **training: Any) -> Document:
    return {**copy.deepcopy(document), "training": {**document["training"], **training}}


def test_the_same_spec_gives_the_same_series_and_the_same_weights(train_document, tmp_path, settings):
    first, told_first = train(train_document, tmp_path / "a", settings)
    second, told_second = train(train_document, tmp_path / "b", settings)
    assert first.facts["weights_sha256"] == second.facts["weights_sha256"]
    assert first.metrics == second.metrics
    points = [[p for p in told.points if p[0] != "epoch/seconds"] for told in (told_first, told_second)]
    assert points[0] == points[1]


def test_another_seed_gives_other_weights(train_document, tmp_path, settings):
    first, _ = train(train_document, tmp_path / "a", settings)
    second, _ = train(changed(train_document, seed=1), tmp_path / "b", settings)
    assert first.facts["weights_sha256"] != second.facts["weights_sha256"]


def test_each_point_of_each_series_is_reported_once_and_is_finite(train_document, tmp_path, settings):
    _, report = train(changed(train_document, report_every_steps=2), tmp_path, settings)
    keys = [(series, step) for series, step, _ in report.points]
    assert len(keys) == len(set(keys))
    assert all(math.isfinite(value) for _, _, value in report.points)
    # 36 examples in batches of 8 are 5 steps an epoch; the last point holds what was left.
    assert list(report.series("train/loss")) == [2, 4, 6, 8, 10]
    for name in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds"):
        assert list(report.series(f"epoch/{name}")) == [1, 2]


def test_the_epoch_mean_weighs_a_smaller_last_batch_by_its_examples(train_document, tmp_path, settings):
    _, report = train(changed(train_document, epochs=1, report_every_steps=1), tmp_path, settings)
    losses, accuracies = list(report.series("train/loss").values()), list(report.series("train/accuracy").values())
    sizes = [8, 8, 8, 8, 4]
    assert report.series("epoch/train_loss")[1] == pytest.approx(np.average(losses, weights=sizes))
    assert report.series("epoch/train_accuracy")[1] == pytest.approx(np.average(accuracies, weights=sizes))


def test_progress_ends_at_one_with_nothing_left(train_document, tmp_path, settings):
    _, report = train(train_document, tmp_path, settings)
    last = report.progressed[-1]
    assert (last.fraction, last.epoch, last.step, last.eta_s) == (1.0, 2, last.steps, 0.0)


def test_the_saved_model_takes_raw_images_and_has_learned_them(train_document, shapes, tmp_path, settings):
    summary, _ = train(changed(train_document, epochs=8), tmp_path, settings)
    model = keras.saving.load_model(tmp_path / "output/model.keras", safe_mode=True)
    assert model.input_shape == (None, 6, 6, 1)
    predicted = keras.ops.convert_to_numpy(model(shapes["x"][..., None].astype(np.float32))).argmax(axis=1)
    assert np.mean(predicted == shapes["y"]) > 0.9
    assert weights_digest(model) == summary.facts["weights_sha256"]


def test_the_card_says_what_the_model_is_and_where_it_comes_from(train_document, tmp_path, settings):
    summary, _ = train(train_document, tmp_path, settings)
    card = json.loads((tmp_path / "output/model.json").read_text())
    assert card["format_version"] == 1
    assert card["classes"] == ["0", "1", "2"]
    assert card["input_shape"] == [6, 6, 1]
    assert [step["step"] for step in card["preprocess"]] == ["rescale", "resize"]
    assert card["data"]["counts"] == {"train": 36, "validation": 12, "test": 12}
    assert card["data"]["train_class_counts"] == [12, 12, 12]
    assert card["data"]["synthetic"] is False
    assert [epoch["number"] for epoch in card["history"]] == [1, 2]
    assert card["metrics"] == summary.metrics
    assert parse_spec(card["spec"]) == parse_spec(train_document)
    text = (tmp_path / "output/MODEL_CARD.md").read_text()
    assert card["weights_sha256"] in text
    assert "36 train, 12 validation, 12 test" in text


def test_nothing_but_artifacts_is_left_behind(train_document, tmp_path, settings):
    train(train_document, tmp_path, settings)
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == [
        "MODEL_CARD.md",
        "model.json",
        "model.keras",
    ]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_without_a_validation_share_there_is_no_validation_series(train_document, tmp_path, settings):
    train_document["data"]["split"] = {"validation": 0, "test": 0}
    summary, report = train(train_document, tmp_path, settings)
    assert {series for series, _, _ in report.points} == {
        "train/loss", "train/accuracy", "epoch/train_loss", "epoch/train_accuracy", "epoch/seconds",
    }  # fmt: skip
    assert set(summary.metrics) == {"train_loss", "train_accuracy"}


def test_checkpoints_are_written_when_due_and_only_the_last_are_kept(train_document, tmp_path, settings):
    train_document["checkpoint"] = {"every_epochs": 2, "keep_last": 2}
    summary, _ = train(changed(train_document, epochs=6), tmp_path, settings)
    folder = tmp_path / "output/checkpoints"
    assert sorted(path.name for path in folder.iterdir()) == ["epoch-0004.keras", "epoch-0006.keras"]
    last = keras.saving.load_model(folder / "epoch-0006.keras", safe_mode=True)
    assert weights_digest(last) == summary.facts["weights_sha256"]
    assert last.input_shape == (None, 6, 6, 1)


def test_keep_best_exports_the_epoch_with_the_lowest_validation_loss(train_document, tmp_path, settings):
    train_document["checkpoint"] = {"keep_best": True, "every_epochs": 1, "keep_last": 6}
    # A learning rate this high makes the loss go up and down, so that the best epoch is not the last.
    summary, report = train(changed(train_document, epochs=6, learning_rate=0.02, seed=1), tmp_path, settings)
    losses = report.series("epoch/validation_loss")
    best = min(losses, key=losses.__getitem__)
    assert best != 6
    assert summary.facts["exported_epoch"] == best
    assert summary.metrics["validation_loss"] == losses[best]
    kept = keras.saving.load_model(tmp_path / f"output/checkpoints/epoch-{best:04d}.keras", safe_mode=True)
    assert weights_digest(kept) == summary.facts["weights_sha256"]


def test_keep_best_without_validation_is_refused(train_document, tmp_path, settings):
    train_document["data"]["split"] = {"validation": 0}
    train_document["checkpoint"] = {"keep_best": True}
    with pytest.raises(InvalidData, match=r"keep_best .* data.split.validation is 0"):
        train(train_document, tmp_path, settings)


def test_a_loss_that_is_no_number_ends_the_run_and_names_its_step(train_document, tmp_path, settings):
    document = changed(train_document, learning_rate=10.0, epochs=5, report_every_steps=5)
    document["preprocess"][0]["scale"] = 1e30
    report = MemoryReport()
    with pytest.raises(Diverged) as caught:
        run(parse_spec(document), tmp_path, report, settings=settings)
    assert caught.value.outcome is AttemptOutcome.DIVERGED
    assert f"at step {caught.value.facts['step']}" in caught.value.detail
    assert all(math.isfinite(value) for _, _, value in report.points)
    assert not (tmp_path / "output/model.keras").exists()


def test_images_too_small_for_the_network_are_refused_with_the_size_to_resize_to(train_document, tmp_path, settings):
    train_document["preprocess"][1] |= {"height": 17, "width": 30}
    with pytest.raises(InvalidData, match=r"at least 18 x 18 pixels, and these are 17 x 30. .* at least 18 x 30"):
        train(train_document, tmp_path, settings)


def test_an_allocation_that_fails_is_out_of_memory(train_document, tmp_path, settings, monkeypatch):
    def exhausted(*_: Any, **__: Any) -> None:
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(image_classifier, "train", exhausted)
    with pytest.raises(OutOfMemory, match="Unable to allocate 9 TiB") as caught:
        train(train_document, tmp_path, settings)
    assert caught.value.outcome is AttemptOutcome.OUT_OF_MEMORY


def test_the_step_is_traced_once_though_the_last_batch_is_smaller(train_document, tmp_path, settings, monkeypatch):
    step, traced = Learner._step, []

    def counted(self: Learner, images: Any, labels: Any) -> Any:
        traced.append(images.shape)
        return step(self, images, labels)

    monkeypatch.setattr(Learner, "_step", counted)
    train(train_document, tmp_path, settings)
    assert len(traced) == 1


@pytest.mark.parametrize("name", ["digits-train", "digits-evaluate", "fashion-cnn-small", "fashion-cnn-bn"])
def test_the_examples_are_valid_specs(name):
    text = (Path(__file__).parents[2] / f"examples/{name}.yaml").read_text()
    assert load_spec(text).name.startswith(name.partition("-")[0])


def test_training_begins_with_the_weights_of_another_job_and_a_new_head_for_other_classes(
    train_document, tmp_path, settings, shapes
):
    train(train_document, tmp_path / "first", settings)
    (tmp_path / "second/inputs").mkdir(parents=True)
    for name in ("model.keras", "model.json"):
        shutil.copy(tmp_path / "first/output" / name, tmp_path / "second/inputs")
    np.savez(tmp_path / "other.npz", x=shapes["x"], y=np.arange(60) % 2)
    document = changed(train_document, epochs=1, learning_rate=1e-9)
    document["data"]["path"] = str(tmp_path / "other.npz")
    document["model"]["init_from"] = {"job": "job_" + "0" * 26}
    _, report = train(document, tmp_path / "second", settings)
    assert any(text.endswith("taken over; new: logits") for text in report.messages)
    first, second = (
        keras.saving.load_model(tmp_path / name / "output/model.keras").get_layer("cnn_small")
        for name in ("first", "second")
    )
    for layer in ("conv_1", "conv_3", "dense"):
        kernels = [network.get_layer(layer).get_weights()[0] for network in (first, second)]
        np.testing.assert_allclose(*kernels, atol=1e-6)
    assert second.output_shape == (None, 2)


def test_half_the_batch_after_a_lack_of_memory_changes_the_weights_by_as_many_examples(
    train_document, tmp_path, settings
):
    document = changed(train_document, epochs=1, optimizer="sgd", momentum=0.0, batch_size=12, learning_rate=0.05)
    document["data"]["split"] = {"validation": 0.2, "test": 0.2}
    whole, _ = train(document, tmp_path / "whole", settings)
    halves, report = train(document, tmp_path / "halves", replace(settings, halvings=1))

    assert (whole.facts["tuned"]["batch_size"], halves.facts["tuned"]["batch_size"]) == (12, 6)
    assert any("out of memory with batches of 12; these are of 6" in text for text in report.messages)
    one, other = (
        keras.saving.load_model(tmp_path / name / "output/model.keras").get_weights() for name in ("whole", "halves")
    )
    for kernel, same in zip(one, other, strict=True):
        np.testing.assert_allclose(kernel, same, atol=1e-5)


def test_a_batch_of_one_example_is_not_halved(train_document, tmp_path, settings):
    summary, report = train(changed(train_document, epochs=1, batch_size=1), tmp_path, replace(settings, halvings=2))
    assert summary.facts["tuned"]["batch_size"] == 1
    assert not any("out of memory" in text for text in report.messages)


@pytest.mark.parametrize("preset", ["cnn_bn", "resnet_small"])
def test_each_preset_trains_in_mixed_precision_and_is_saved_whole(train_document, tmp_path, settings, preset):
    document = changed(train_document, epochs=1, precision="mixed_bfloat16")
    document["model"] |= {"preset": preset, "dropout": 0.2}
    document["preprocess"][1] |= {"height": 8, "width": 8}
    summary, _ = train(document, tmp_path, settings)
    model = load_model(tmp_path / "output/model.keras")
    assert weights_digest(model) == summary.facts["weights_sha256"]
    assert model.get_layer(preset).get_layer("logits").compute_dtype == "float32"
    assert next(layer for layer in model.get_layer(preset).layers if layer.weights).compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_what_was_chosen_for_auto_is_in_the_log_the_facts_and_the_card(train_document, tmp_path, settings):
    del train_document["training"]["batch_size"]
    summary, report = train(train_document, tmp_path, settings)
    tuned = {"batch_size": 32, "learning_rate": 0.01, "feeding": "direct", "steps_per_call": 8}
    assert summary.facts["tuned"] == json.loads((tmp_path / "output/model.json").read_text())["tuned"] == tuned
    says = "recipe: batch_size 32 (auto), learning_rate 0.01, feeding direct (auto), steps_per_call 8 (auto)"
    assert says in report.messages


def test_early_stopping_without_validation_is_refused(train_document, tmp_path, settings):
    train_document["data"]["split"] = {"validation": 0}
    with pytest.raises(InvalidData, match=r"early_stopping .* data.split.validation is 0"):
        train(changed(train_document, early_stopping={}), tmp_path, settings)
