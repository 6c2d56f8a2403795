"""A training that was stopped anywhere and goes on ends as one that was never stopped: same series, same weights."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from ml.run import RunSettings
from tests.ml.attempts import Attempts, Document, after, told

PLAIN: Document = {"epochs": 3, "batch_size": 8}
RECIPES: dict[str, Document] = {
    "adam, cosine, smoothing": {
        "optimizer": "adam",
        "schedule": {"shape": "cosine", "warmup_epochs": 1},
        "label_smoothing": 0.1,
    },
    "sgd, momentum, clip": {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "clip": {"norm": 1.0}},
    "adamw, ema": {"optimizer": "adamw", "ema": 0.9},
    "rmsprop, accumulated": {"optimizer": "rmsprop", "accumulate_steps": 2},
    "lion, early stopping": {"optimizer": "lion", "early_stopping": {"patience": 1, "min_delta": 10.0}},
    "prefetch, several steps a call": {"feeding": "prefetch", "steps_per_call": 3},
}


def changed(document: Document, recipe: Document, **model: Any) -> Document:
    return {
        **copy.deepcopy(document),
        "model": {**document["model"], **model},
        "training": {**PLAIN, "report_every_steps": 2, **recipe},
        "checkpoint": {"keep_best": True},
    }


@pytest.mark.parametrize(("name", "preset"), [*zip(RECIPES, ["cnn_bn", "cnn_small"] * 3, strict=True)])
def test_a_training_that_is_stopped_and_goes_on_gives_the_same_bits(
    train_document: Document, tmp_path: Path, settings: RunSettings, name: str, preset: str
) -> None:
    document = changed(train_document, RECIPES[name], preset=preset, dropout=0.3)
    whole = Attempts(document, tmp_path / "whole", settings)
    expected = whole.run()

    stopped = Attempts(document, tmp_path / "stopped", settings)
    for looks in (2, 3, 4):  # in an epoch, around its end, in another one
        if stopped.run(after(looks)) is not None:
            break
    result = stopped.run()

    assert expected is not None
    assert result is not None
    assert result.facts["weights_sha256"] == expected.facts["weights_sha256"]
    assert result.metrics == expected.metrics
    assert told(stopped) == told(whole)
    assert stopped.warnings == []


def test_a_training_goes_on_from_each_of_its_states(
    train_document: Document, tmp_path: Path, settings: RunSettings
) -> None:
    document = {**changed(train_document, {}), "checkpoint": {"every_steps": 1}}
    whole = Attempts(document, tmp_path / "whole", settings)
    expected = whole.run()
    assert expected is not None
    kept = [path for path in whole.states if path.exists()]
    assert len(kept) == 2

    for state in kept:
        again = Attempts(document, tmp_path / state.stem, settings, states=[state])
        result = again.run()
        assert result is not None
        assert result.facts["weights_sha256"] == expected.facts["weights_sha256"]


def stopped_once(document: Document, folder: Path, settings: RunSettings) -> Attempts:
    attempts = Attempts(document, folder, settings)
    assert attempts.run(after(4)) is None
    return attempts


def test_a_damaged_state_is_passed_over_with_a_warning(
    train_document: Document, tmp_path: Path, settings: RunSettings
) -> None:
    attempts = stopped_once(changed(train_document, {}), tmp_path / "a", settings)
    good = attempts.states[-1]
    damaged = tmp_path / "damaged.state"
    damaged.write_bytes(good.read_bytes()[:-1])
    attempts.states = [good, damaged]

    assert attempts.run() is not None
    assert len(attempts.warnings) == 1
    assert "could not be read" in attempts.warnings[0]


@pytest.mark.parametrize("change", [{"training": {"epochs": 4, "batch_size": 8}}, {"data": {"split": {"seed": 1}}}])
def test_the_state_of_another_training_is_not_gone_on_from(
    train_document: Document, tmp_path: Path, settings: RunSettings, change: Document
) -> None:
    document = changed(train_document, {})
    attempts = stopped_once(document, tmp_path / "a", settings)
    merged = {**document, **{key: {**document[key], **value} for key, value in change.items()}}
    other = Attempts(merged, tmp_path / "b", settings, states=attempts.states)
    fresh = Attempts(merged, tmp_path / "c", settings)

    result, expected = other.run(), fresh.run()

    assert result is not None
    assert expected is not None
    assert result.facts["weights_sha256"] == expected.facts["weights_sha256"]
    assert other.warnings[-1] == "Training begins anew."


def test_another_environment_is_a_warning(
    train_document: Document, tmp_path: Path, settings: RunSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = stopped_once(changed(train_document, {}), tmp_path / "a", settings)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")

    assert attempts.run() is not None
    assert attempts.warnings == [
        "The rest may not be bit for bit what an uninterrupted run gives: onednn was default and is 0."
    ]
