"""A spec that is still being written: what is wrong with it is the answer, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from api.auth.roles import Role
from tests.api.conftest import COMMAND, Api, assert_problem

YAML = {"Content-Type": "application/yaml"}


def check(api: Api, **more: Any) -> dict[str, Any]:
    answer = api.post("//testserver/jobs/new/check", **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_sound_spec_comes_back_as_a_document_as_yaml_and_as_the_job_it_would_be(api: Api) -> None:
    found = check(api, json=COMMAND)
    assert found["document"] == COMMAND
    assert found["yaml"] == "kind: command\nname: hello\ncommand:\n- echo\n- hello\n"
    assert (found["job"]["state"], found["job"]["pool"]) == ("queued", "cpu")
    assert (found["detail"], found["errors"]) == ("", [])
    assert api.get("/jobs").json()["items"] == []


def test_a_spec_with_errors_comes_back_with_all_of_them(api: Api) -> None:
    found = check(api, content=b"kind: command\nname: hello\ncomand: [a]\npriority: 5000\n", headers=YAML)
    assert found["job"] is None
    assert found["document"]["comand"] == ["a"]
    errors = {error["path"]: error["suggestion"] for error in found["errors"]}
    assert errors == {"command": None, "comand": "command", "priority": None}


@pytest.mark.parametrize("text", [b"kind: [", b"- a list", b"", b"\xff"])
def test_what_cannot_be_read_has_no_document(api: Api, text: bytes) -> None:
    found = check(api, content=text, headers=YAML)
    assert (found["document"], found["yaml"], found["job"]) == (None, None, None)
    assert found["detail"]


def test_what_the_database_says_of_a_spec_counts_as_well(api: Api) -> None:
    found = check(api, json={**COMMAND, "depends_on": ["job_00000000000000000000000000"]})
    assert found["job"] is None
    assert [error["path"] for error in found["errors"]] == ["depends_on[0]"]


def test_who_may_not_submit_may_not_try_either(api: Api) -> None:
    assert_problem(api.post("//testserver/jobs/new/check", as_=Role.VIEWER.value, json=COMMAND), 403, "forbidden")
    assert api.get("//testserver/jobs/new", as_="viewer").status_code == 403


def test_a_job_of_another_project_cannot_be_begun_with(api: Api) -> None:
    job_id = api.submit()
    assert api.get(f"//testserver/jobs/new?clone={job_id}").status_code == 200
    assert api.get(f"//testserver/jobs/new?clone={job_id}", as_="other").status_code == 404
