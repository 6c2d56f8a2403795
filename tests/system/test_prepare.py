"""A preprocess job through real processes: a version with its lineage, trained on, and never made twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ml.families.cases import rows_of
from tests.system.platform import Platform

pytestmark = pytest.mark.timeout(240)

PREPARE: dict[str, Any] = {
    "kind": "preprocess",
    "data": {"dataset": "patients", "split": {"validation": 0.2, "test": 0.2}},
    "preprocess": [{"step": "fill_missing", "mark": True}, {"step": "standardize", "columns": ["age"]}],
    "output": {"dataset": "ready"},
}


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_prepared_version_is_made_once_says_what_it_is_of_and_is_trained_on(platform: Platform) -> None:
    platform.start(workers=1, slots=2)
    http = platform.http
    content = "\n".join(",".join(row) for row in [["age", "pressure", "colour", "label"], *rows_of()])
    raw = http.put("/datasets/patients", content=content, params={"filename": "p.csv", "profile": "false"}).json()

    first = platform.submit(PREPARE)
    job = platform.wait(first)
    assert (job["state"], job["message"]) == ("succeeded", "Made ready@1."), platform.log(first)
    version = http.get("/datasets/ready/versions/1").json()
    assert (version["made_by"], version["filename"]) == (first, "prepared.csv")
    assert version["lineage"]["source"] == {"dataset": "patients@1", "sha256": raw["sha256"]}
    assert [step["step"] for step in version["lineage"]["preprocess"]] == ["fill_missing", "standardize"]
    assert (version["profile"]["rows"], version["profile"]["labels"]["class_count"]) == (80, 2)
    made = http.get("/datasets/ready/versions/1/content").text
    assert made.splitlines()[0] == "split,age,pressure,pressure missing,colour,label"

    train = {
        "kind": "train",
        "name": "t",
        "data": {"dataset": "ready"},
        "model": {"family": "tabular_classifier"},
        "training": {"epochs": 1},
    }
    trained = platform.submit(train)
    assert platform.wait(trained)["state"] == "succeeded", platform.log(trained)
    assert "48 train, 16 validation, 16 test" in platform.log(trained)

    second = platform.wait(platform.submit({**PREPARE, "name": "again"}))
    assert second["state"] == "succeeded"
    assert second["message"] == f"Found: {first} made ready@1 of the same data by the same steps."
    other = platform.wait(platform.submit({**PREPARE, "output": {"dataset": "other"}}))
    assert other["message"].endswith("Made other@1.")
    copied = http.get("/datasets/other/versions/1").json()
    assert (copied["sha256"], copied["profile"]) == (version["sha256"], version["profile"])
    assert [one["version"] for one in http.get("/datasets/ready").json()["versions"]] == [1]
