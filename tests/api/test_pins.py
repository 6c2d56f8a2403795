"""Names of datasets in a spec become versions at the submit, and what a job reads is noted with it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from api.operations.pins import pin_datasets
from db.engine import Database
from tests.api.conftest import Api
from tests.factories import PROJECT, submit
from trainshed.errors import FieldError, InvalidSpec
from trainshed.ids import new_id
from trainshed.specs import dump_spec, parse_spec

TRAIN: dict[str, Any] = {"kind": "train", "name": "t", "model": {"family": "image_classifier"}}


@pytest.fixture(autouse=True)
def three_versions(api: Api) -> None:
    for content in (b"1", b"2", b"3"):
        params = {"filename": "digits.npz", "profile": "false"}
        assert api.request("PUT", "/datasets/digits", content=content, params=params).status_code == 201
    assert api.request("DELETE", "/datasets/digits/versions/2").status_code == 204


def pin(database: Database, dataset: str, **document: Any) -> tuple[str, list[tuple[int, str]]]:
    """Return what the spec says then, and the pinned versions with the fields that name them."""
    spec = parse_spec({**TRAIN, "data": {"dataset": dataset}, **document})
    with database.begin() as conn:
        pinned, pins = pin_datasets(conn, PROJECT, spec)
    return dump_spec(pinned)["data"]["dataset"], [(each.version, each.path) for each in pins]


def error(database: Database, dataset: str) -> FieldError:
    with pytest.raises(InvalidSpec) as caught:
        pin(database, dataset)
    (found,) = caught.value.errors
    assert found.path == "data.dataset"
    assert found.value == dataset
    return found


@pytest.mark.parametrize(
    ("said", "meant", "version"),
    [("digits", "digits@3", 3), ("digits@1", "digits@1", 1), ("digits@03", "digits@3", 3)],
)
def test_a_name_becomes_the_newest_version_and_a_version_stays(
    database: Database, said: str, meant: str, version: int
) -> None:
    assert pin(database, said) == (meant, [(version, "data.dataset")])
    profile = {"kind": "profile", "name": "p"}
    spec = parse_spec({**profile, "data": {"dataset": said}})
    with database.begin() as conn:
        assert pin_datasets(conn, PROJECT, spec)[1][0].version == version


@pytest.mark.parametrize("shipped", ["builtin/digits", "builtin/nope", "synthetic/shapes@7"])
def test_what_comes_with_a_worker_is_left_as_it_is(database: Database, shipped: str) -> None:
    assert pin(database, shipped) == (shipped, [])


def test_specs_that_name_no_dataset_are_left_as_they_are(database: Database) -> None:
    documents = (
        {"kind": "command", "name": "c", "command": ["true"]},
        {**TRAIN, "data": {"path": "/data/x.npz"}},
        {"kind": "evaluate", "name": "e", "model": {"job": new_id("job")}},
    )
    for document in documents:
        spec = parse_spec(document)
        with database.begin() as conn:
            assert pin_datasets(conn, PROJECT, spec) == (spec, ())


def test_an_unknown_dataset_is_answered_with_the_nearest_name(database: Database) -> None:
    found = error(database, "digit@1")
    assert "did you mean `digits`?" in found.message
    assert found.suggestion == "digits"
    assert error(database, "x-ray").suggestion is None
    assert "digits" not in error(database, "a/b/c").message


@pytest.mark.parametrize("number", ["0", "2", "4", "999999999", "2147483648", "9" * 200])
def test_an_unknown_version_is_answered_with_those_there_are(database: Database, number: str) -> None:
    found = error(database, f"digits@{number}")
    assert found.suggestion == "digits@3"
    assert found.allowed == "digits@3, digits@1"


def test_a_dataset_without_versions_says_so(api: Api, database: Database) -> None:
    for number in (1, 3):
        assert api.request("DELETE", f"/datasets/digits/versions/{number}").status_code == 204
    assert "all versions of digits were deleted" in error(database, "digits").message


def test_another_project_pins_nothing_of_this_one(database: Database) -> None:
    spec = parse_spec({**TRAIN, "data": {"dataset": "digits@1"}})
    with database.begin() as conn, pytest.raises(InvalidSpec) as caught:
        pin_datasets(conn, "prj_other", spec)
    assert "did you mean" not in caught.value.errors[0].message


@pytest.mark.parametrize("kind", ["evaluate", "predict"])
def test_a_job_without_data_pins_what_its_model_was_trained_on(api: Api, database: Database, kind: str) -> None:
    trained = dump_spec(parse_spec({**TRAIN, "data": {"dataset": "digits@1"}}))
    with database.begin() as conn:
        job_id = submit(conn, kind="train", spec=trained)
    spec = parse_spec({"kind": kind, "name": "e", "model": {"job": job_id}, "split": "test"})
    with database.begin() as conn:
        same, (found,) = pin_datasets(conn, PROJECT, spec)
    assert (same, found.version, found.path) == (spec, 1, "model.job")
    assert api.request("DELETE", "/datasets/digits/versions/1").status_code == 204
    with database.begin() as conn, pytest.raises(InvalidSpec) as caught:
        pin_datasets(conn, PROJECT, spec)
    assert "was deleted" in caught.value.errors[0].message
    assert caught.value.errors[0].path == "model.job"


def test_a_submit_writes_the_version_into_the_spec_and_notes_its_use(api: Api, database: Database) -> None:
    answer = api.post("/jobs", json={**TRAIN, "data": {"dataset": "digits"}})
    assert answer.status_code == 202, answer.text
    assert answer.json()["spec"]["data"]["dataset"] == "digits@3"
    with database.read() as conn:
        used = conn.execute(text("SELECT job_id, version FROM dataset_use")).all()
    assert [tuple(row) for row in used] == [(answer.json()["id"], 3)]
    refused = api.post("/jobs", json={**TRAIN, "data": {"dataset": "digit"}})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "data.dataset"
