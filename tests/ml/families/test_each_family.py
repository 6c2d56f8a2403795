"""What holds for every family: build, shapes, a fit that falls, save and load, exact resume, one path to an answer,
and errors that say what to do about bad data."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from ml.errors import InvalidData
from ml.families.registry import FAMILIES
from ml.model.file import load_model, weights_digest
from ml.report import MemoryReport
from ml.run import RunSettings, run
from tests.ml.attempts import Attempts, after, told
from tests.ml.families.case import Case
from tests.ml.families.cases import CASES
from trainshed.specs import model as spec_model
from trainshed.specs import parse_spec

OF_EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
STEPS = {
    "tabular_classifier": (
        {"step": "outliers", "action": "drop"},
        {"step": "fill_missing", "using": "mean", "mark": True},
        {"step": "quantile_scale", "columns": ["age"]},
        {"step": "one_hot"},
        {"step": "noise"},
        {"step": "swap_values", "share": 0.05},
    ),
    "text_classifier": ({"step": "strip_markup"}, {"step": "drop_words"}, {"step": "swap_words"}),
    "forecaster": ({"step": "noise", "amount": 0.02},),
}


def prepared(case: Case) -> Case:
    """Return a family with steps, the last of which augment."""

    def spec(path: Path) -> dict[str, Any]:
        document = case.spec(path)
        longer = document["training"] | {"epochs": 2 * document["training"]["epochs"]}  # each epoch says other things
        return document | {"preprocess": list(STEPS[case.family]), "training": longer}

    return replace(case, spec=spec)


PLAIN = [pytest.param(case, id=case.family) for case in CASES]
PREPARED = [pytest.param(prepared(case), id=f"{case.family}, prepared") for case in CASES if case.family in STEPS]
TRAINED_PREPARED = [one for one in PREPARED if one.values[0].family != "forecaster"]  # its noise is that of tables
BAD = [pytest.param(case, name, id=f"{case.family}: {name}") for case in CASES for name in case.bad]


@dataclass(frozen=True)
class Evaluated:
    """The folder of a training and of the evaluation of all its data."""

    case: Case
    folder: Path

    def document(self, name: str) -> dict[str, Any]:
        """Return a file of the output."""
        return json.loads((self.folder / "output" / name).read_text())

    def another(self, folder: Path, kind: str, **keys: Any) -> Path:
        """Do one more job with the model, in a folder of its own, and return its output."""
        shutil.copytree(self.folder / "inputs", folder / "inputs")
        spec = {"kind": kind, "name": "n", "model": {"job": "job_" + "0" * 26}, **keys}
        settings = RunSettings(threads=1, data_roots=(self.folder, folder))
        run(parse_spec(spec), folder, MemoryReport(), settings=settings)
        return folder / "output"


def predictions(output: Path) -> list[dict[str, str]]:
    """Return the rows of predictions.csv."""
    with (output / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=[*PLAIN, *TRAINED_PREPARED])
def evaluated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    case, folder = request.param, tmp_path_factory.mktemp("family")
    settings = RunSettings(threads=1, data_roots=(folder,))
    run(parse_spec(case.spec(case.write(folder))), folder, MemoryReport(), settings=settings)
    (folder / "inputs").mkdir()
    for name in ("model.keras", "model.json"):
        shutil.copy(folder / "output" / name, folder / "inputs")
    spec = {"kind": "evaluate", "name": "e", "model": {"job": "job_" + "0" * 26}, "split": "all"}
    run(parse_spec(spec), folder, MemoryReport(), settings=settings)
    return Evaluated(case, folder)


def test_each_family_of_the_spec_is_registered_and_proved_here():
    named = [get_args(form.model_fields["family"].annotation)[0] for form in spec_model.FAMILIES]
    assert named == list(FAMILIES) == [case.family for case in CASES]


@OF_EACH
def test_each_preset_of_the_spec_is_built_and_gives_outputs_that_are_numbers(case):
    (form,) = [one for one in spec_model.FAMILIES if case.family in get_args(one.model_fields["family"].annotation)]
    for name in get_args(form.model_fields["preset"].annotation):
        network, shape = case.networks(name)
        assert (network.name, network.output_shape) == (name, (None, *shape))
        sides = (5 if side is None else side for side in network.input_shape[1:])
        examples = np.ones((2, *sides), network.inputs[0].dtype)
        assert np.isfinite(keras.ops.convert_to_numpy(network(examples))).all()


def test_the_loss_falls_and_the_model_is_better_than_its_plain_baseline(evaluated):
    losses = [epoch["train_loss"] for epoch in evaluated.document("model.json")["history"]]
    assert losses[-1] < 0.8 * losses[0]
    document = evaluated.document("evaluation.json")
    assert document["beats_baseline"]
    assert document["verdict"].startswith("Better than ")
    for name, interval in document["intervals"].items():
        assert interval["low"] <= document["metrics"][name] <= interval["high"]


def test_what_is_saved_is_what_was_trained(evaluated):
    expected = evaluated.document("model.json")["weights_sha256"]
    assert weights_digest(load_model(evaluated.folder / "output/model.keras")) == expected
    assert expected in (evaluated.folder / "output/MODEL_CARD.md").read_text()


def test_raw_data_through_the_saved_model_gives_the_answers_that_were_measured(evaluated):
    measured = evaluated.case.measured(evaluated.folder / "output", (evaluated.folder,))
    document = evaluated.document("evaluation.json")
    for field, expected in measured.items():
        found = document[field]
        assert (
            {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5)
            if isinstance(expected, dict)
            else found == expected
        )


def test_predictions_of_the_test_part_are_the_answers_that_its_evaluation_measured(evaluated, tmp_path):
    document = json.loads((evaluated.another(tmp_path / "e", "evaluate", split="test") / "evaluation.json").read_text())
    answers = predictions(evaluated.another(tmp_path / "p", "predict", split="test"))
    for field, expected in evaluated.case.judged(answers).items():
        found = document[field]
        assert ({name: found[name] for name in expected} if isinstance(expected, dict) else found) == expected


def test_who_has_no_labels_gets_the_answers_of_who_has_them_whatever_the_order_of_the_columns(evaluated, tmp_path):
    (tmp_path / "b").mkdir()
    data = json.loads((evaluated.folder / "inputs/model.json").read_text())["data"]
    labelled = evaluated.another(tmp_path / "a", "predict", data={"path": data["source"]})
    path = evaluated.case.unlabelled(tmp_path / "b")
    unlabelled = evaluated.another(tmp_path / "b", "predict", data={"path": str(path)})
    assert predictions(unlabelled) == predictions(labelled)
    assert predictions(labelled)


def test_the_report_is_one_page_with_the_verdict_that_fetches_nothing(evaluated):
    page = (evaluated.folder / "output/report.html").read_text()
    assert evaluated.document("evaluation.json")["verdict"] in page
    assert "default-src 'none'" in page
    assert "<script" not in page


@pytest.mark.parametrize("case", [*PLAIN, *TRAINED_PREPARED])
def test_a_training_that_is_killed_three_times_gives_the_same_bits(case, tmp_path, settings):
    document = case.spec(case.write(tmp_path)) | {"checkpoint": {"keep_best": True}}
    document["training"] |= {"report_every_steps": 2}
    whole, stopped = (Attempts(document, tmp_path / name, settings) for name in ("whole", "stopped"))
    expected = whole.run()
    assert [stopped.run(after(looks)) for looks in (2, 3, 4)] == [None, None, None]
    result = stopped.run()
    assert expected is not None
    assert result is not None
    assert result.facts["weights_sha256"] == expected.facts["weights_sha256"]
    assert told(stopped) == told(whole)
    cards = [json.loads((tmp_path / name / "output/model.json").read_text()) for name in ("whole", "stopped")]
    for card in cards:
        for epoch in card["history"]:
            del epoch["seconds"]
    assert cards[0] == cards[1]


@pytest.mark.parametrize(("case", "name"), BAD)
def test_bad_data_is_refused_with_its_place_and_a_remedy(case, name, tmp_path, settings):
    write, says = case.bad[name]
    with pytest.raises(InvalidData, match=says) as raised:
        run(parse_spec(case.spec(write(tmp_path))), tmp_path, MemoryReport(), settings=settings)
    assert raised.value.remedy
