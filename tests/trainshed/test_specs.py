"""Specs are strict, and their errors name path, value, what is allowed and the nearest valid name, all at once."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainshed.errors import InvalidSpec
from trainshed.specs import (
    CommandSpec,
    EvaluateSpec,
    PredictSpec,
    TrainSpec,
    dump_spec,
    json_schema,
    load_spec,
    parse_spec,
)
from trainshed.specs.model import Family
from trainshed.specs.parse import parse_batch

COMMAND = {"kind": "command", "name": "hello", "command": ["echo", "hello"]}
TRAIN = {
    "kind": "train",
    "name": "digits",
    "data": {"dataset": "builtin/digits"},
    "model": {"family": "image_classifier"},
}
JOB_ID = "job_01kb3ag7q8e6v4w9x2c5n8r1tz"
EVALUATE = {"kind": "evaluate", "name": "digits-test", "model": {"job": JOB_ID}}
PREDICT = {"kind": "predict", "name": "digits-asked", "model": {"job": JOB_ID}, "data": {"dataset": "asked"}}


def errors_of(document: Any) -> dict[str, str]:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(document)
    return {error.path: error.message for error in caught.value.errors}


@pytest.mark.parametrize(
    ("document", "model"),
    [(COMMAND, CommandSpec), (TRAIN, TrainSpec), (EVALUATE, EvaluateSpec), (PREDICT, PredictSpec)],
)
def test_a_spec_survives_the_way_to_json_and_back(document: dict[str, Any], model: type) -> None:
    spec = parse_spec(document)
    assert isinstance(spec, model)
    assert parse_spec(json.loads(json.dumps(dump_spec(spec)))) == spec


def test_a_misspelt_field_is_named_with_the_right_one() -> None:
    assert errors_of({**TRAIN, "modle": 1}) == {"modle": "unknown field; did you mean `model`?"}


def test_a_field_in_the_wrong_place_is_named_with_the_right_place() -> None:
    assert errors_of({**TRAIN, "epochs": 3}) == {"epochs": "unknown field; did you mean `training.epochs`?"}


def test_all_errors_come_at_once() -> None:
    found = errors_of(
        {
            **TRAIN,
            "training": {"epochs": "3", "batch_size": 0},
            "preprocess": [{"step": "rescal"}, {"step": "resize", "heigth": 3, "width": 1.5}],
            "timeout": {"run": "soon"},
        }
    )
    assert set(found) == {
        "training.epochs",
        "training.batch_size",
        "preprocess[0].step",
        "preprocess[1].height",
        "preprocess[1].width",
        "preprocess[1].heigth",
        "timeout.run",
    }
    assert found["preprocess[0].step"].endswith("did you mean `rescale`?")
    assert found["preprocess[1].heigth"].endswith("did you mean `preprocess[1].height`?")


def test_an_error_carries_value_and_what_is_allowed() -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec({**TRAIN, "model": {"family": "image_clasifier"}})
    (error,) = caught.value.errors
    assert (error.value, error.allowed, error.suggestion) == (
        "image_clasifier",
        ", ".join(get_args(Family)),
        "image_classifier",
    )


@pytest.mark.parametrize("document", [None, [], "text", 3, [COMMAND]])
def test_a_document_that_is_no_mapping_is_refused_in_words(document: Any) -> None:
    with pytest.raises(InvalidSpec, match="mapping"):
        parse_spec(document)


@pytest.mark.parametrize(
    ("kind", "words"), [("trian", "did you mean `train`"), (None, "required"), (7, "unknown kind")]
)
def test_a_wrong_kind_is_named(kind: Any, words: str) -> None:
    assert words in errors_of({"kind": kind, "name": "a"})["kind"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: [", "line 1"),
        ("a: 1\na: 2", "given twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("? [a]\n: 1", "is no text"),
        ("\tkind: train", "not valid YAML"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_yaml_that_cannot_be_read_says_where_and_why(text: str, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        load_spec(text)


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("1h30m", 5400), ("2d", 172_800), (1.5, 1.5), ("500ms", 0.5)]
)
def test_durations_are_read(written: Any, seconds: float) -> None:
    assert parse_spec({**COMMAND, "timeout": {"run": written}}).timeout.run == seconds


@pytest.mark.parametrize(("written", "size"), [("2GiB", 2**31), ("500M", 500_000_000), (4096, 4096), ("1.5 KiB", 1536)])
def test_sizes_are_read(written: Any, size: int) -> None:
    assert parse_spec({**COMMAND, "resources": {"memory": written}}).resources.memory == size


@pytest.mark.parametrize("written", ["", "1x", "h", "-1s", "1h x", True, 0, -3, "0s"])
def test_what_is_no_duration_is_refused(written: Any) -> None:
    assert "timeout.run" in errors_of({**COMMAND, "timeout": {"run": written}})


@pytest.mark.parametrize("written", ["1e-3", "1.0e-3", "0.001", "10E-4"])
def test_yaml_numbers_are_read_as_people_mean_them(written: str) -> None:
    start = "kind: train\nname: a\ndata: {dataset: builtin/digits}\nmodel: {family: image_classifier}\n"
    text = f"{start}training: {{learning_rate: {written}}}"
    spec = load_spec(text)
    assert isinstance(spec, TrainSpec)
    assert spec.training.learning_rate == 0.001


def test_names_that_trainshed_sets_are_refused_in_env() -> None:
    assert "TRAINSHED_JOB_ID" in errors_of({**COMMAND, "env": {"TRAINSHED_JOB_ID": "x"}})[""]


def test_augmentation_before_preparation_is_refused() -> None:
    steps = [{"step": "random_flip"}, {"step": "rescale", "scale": 0.5}]
    assert "come last" in errors_of({**TRAIN, "preprocess": steps})["preprocess"]


def test_a_value_of_the_wrong_form_is_told_the_right_one() -> None:
    assert "lower-case letters" in errors_of({**COMMAND, "name": "Bad Name"})["name"]
    assert "absolute path" in errors_of({**TRAIN, "data": {"path": "digits.npz"}})["data.path"]
    assert "identifier of a job" in errors_of({**EVALUATE, "model": {"job": "digits"}})["model.job"]


def test_data_needs_exactly_one_source() -> None:
    assert "either dataset or path" in errors_of({**TRAIN, "data": {}})["data"]
    both = {"dataset": "builtin/digits", "path": "/data/x.npz"}
    assert "either dataset or path" in errors_of({**TRAIN, "data": both})["data"]


def test_an_evaluation_waits_for_its_train_job_and_what_it_depends_on() -> None:
    other = JOB_ID[:-1] + "0"
    assert parse_spec({**EVALUATE, "depends_on": [other, JOB_ID]}).waits_for == (JOB_ID, other)
    assert parse_spec(PREDICT).waits_for == (JOB_ID,)


def test_a_prediction_names_data_or_a_part_of_the_data_of_training():
    without = {key: value for key, value in PREDICT.items() if key != "data"}
    assert parse_spec({**without, "split": "test"}).data is None
    assert "give data to answer for, or a split" in errors_of(without)[""]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from([*TrainSpec.model_fields, "x"]), json_values), st.sampled_from(["train", "command"])
)
def test_whatever_is_wrong_becomes_invalid_spec_and_nothing_else(document: dict[str, Any], kind: str) -> None:
    try:
        spec = parse_spec({**document, "kind": kind})
    except InvalidSpec:
        return
    assert parse_spec(dump_spec(spec)) == spec


def test_every_field_of_every_spec_is_documented() -> None:
    def undocumented(schema: dict[str, Any]) -> list[str]:
        return [
            f"{title}.{name}"
            for title, definition in schema["$defs"].items()
            for name, field in definition["properties"].items()
            if name not in {"kind", "step"} and "description" not in field
        ]

    assert undocumented(json_schema()) == []


def test_a_batch_read_at_one_go_gives_the_specs_that_each_alone_gives() -> None:
    documents = [
        {"kind": "command", "name": "one", "command": ["true"], "labels": {"a": "b"}, "timeout": {"run": "90s"}},
        {
            "kind": "train",
            "name": "two",
            "data": {"dataset": "builtin/digits"},
            "model": {"family": "image_classifier"},
        },
    ]

    assert parse_batch(json.dumps({"jobs": documents}).encode(), most=2) == [parse_spec(each) for each in documents]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"jobs": []}',
        b'{"jobs": [{"kind": "command", "name": "one", "command": ["true"], "priority": "1"}]}',
        b'{"jobs": [{"kind": "command", "name": "one", "command": ["true"]}], "more": 1}',
        b'{"jobs": [{"kind": "profile", "data": {"path": "/a"}}, {"kind": "profile", "data": {"path": "/b"}}]}',
    ],
    ids=["no JSON", "no object", "empty", "a text for a number", "a key too much", "one too many"],
)
def test_what_is_no_sound_batch_is_not_read_at_one_go(content: bytes) -> None:
    assert parse_batch(content, most=1) is None


TABLE = {**TRAIN, "data": {"dataset": "patients"}, "model": {"family": "tabular_classifier"}}


def test_each_family_has_its_own_fields() -> None:
    found = errors_of({**TABLE, "model": {"family": "tabular_classifier", "preset": "cnn_small", "positve": "ill"}})
    assert found["model.preset"].startswith("'cnn_small' is not allowed, only: mlp_small, mlp_residual")
    assert found["model.positve"].endswith("did you mean `model.positive`?")


def test_an_unknown_family_is_answered_with_the_nearest_one() -> None:
    found = errors_of({**TABLE, "model": {"family": "tabular_clasifier"}})
    assert found["model.family"].endswith("did you mean `tabular_classifier`?")
    assert errors_of({**TABLE, "model": {}}) == {"model.family": "required; it names the family"}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({**TRAIN, "data": {"dataset": "d", "columns": {"label": "x"}}}, "data.columns is for tables"),
        (
            {**TABLE, "preprocess": [{"step": "grayscale"}]},
            "preprocess[0]: grayscale is for images or pictures with boxes, and tabular_classifier takes a table",
        ),
        ({**TABLE, "preprocess": [{"step": "grayscale"}]}, "what fits is standardize, min_max, fill_missing"),
        ({**TRAIN, "preprocess": [{"step": "one_hot"}]}, "one_hot is for a table, and image_classifier takes images"),
        ({**TRAIN, "preprocess": [{"step": "min_max", "columns": ["a"]}]}, "columns of min_max are for tables"),
        (
            {**TABLE, "data": {"dataset": "d", "images": {"height": 8, "width": 8, "mode": "grey"}}},
            "data.images is for images, and tabular_classifier takes a table",
        ),
        ({**TABLE, "model": {"family": "tabular_classifier", "recall": 0.9}}, "name that class as positive"),
        *(
            ({**TABLE, "model": {"family": "tabular_regressor"}, "training": recipe}, "is for classifiers")
            for recipe in (
                {"label_smoothing": 0.1},
                {"class_weights": "balanced"},
                {"early_stopping": {"monitor": "validation_accuracy"}},
            )
        ),
    ],
)
def test_what_a_family_does_not_take_is_refused_and_not_passed_over(document: Any, says: str) -> None:
    assert any(says in message for message in errors_of(document).values())
