"""What every answer has, whatever was asked: an identifier, security headers, one form of error, no internals."""

from __future__ import annotations

import io
import json

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import Api, assert_problem

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "route_not_found"),
        ("GET", "/jobs/", 404, "route_not_found"),
        ("DELETE", "/jobs", 405, "method_not_allowed"),
        ("PUT", "/workers", 405, "method_not_allowed"),
        ("BREW", "/workers", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_a_problem_too(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = api.request(method, path)
    assert_problem(answer, status, code)
    assert ("allow" in answer.headers) == (status == 405)


def test_a_refused_method_is_told_all_that_the_address_takes(api: Api) -> None:
    def allowed(path: str) -> str:
        return api.request("BREW", path).headers["allow"]

    assert allowed("/jobs") == "GET, POST"
    assert allowed(f"/jobs/job_{'0' * 26}") == "DELETE, GET, PATCH"
    assert allowed("/datasets/faces") == "DELETE, GET, PUT"
    assert api.client.request("BREW", "/healthz").headers["allow"] == "GET"


def test_answers_carry_security_headers_and_do_not_name_the_server(api: Api) -> None:
    for answer in (api.get("/jobs"), api.get("/nope"), api.client.get("/healthz"), api.get("/jobs", as_=None)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_a_request_keeps_the_identifier_it_came_with_if_that_is_sane(api: Api) -> None:
    assert api.get("/jobs", headers={"X-Request-ID": "abc.1-2_3"}).headers["x-request-id"] == "abc.1-2_3"
    for insane in ("", "a b", "x" * 65, "<script>", "ä".encode()):
        made = api.get("/jobs", headers={"X-Request-ID": insane}).headers["x-request-id"]
        assert made.startswith("req_")


def test_an_error_that_nobody_expected_shows_no_internals_and_is_logged_whole(
    api: Api, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("canary-internals")

    monkeypatch.setattr("api.operations.workers.workers.list_workers", explode)
    answer = api.get("/workers")
    problem = assert_problem(answer, 500, "internal")
    assert "canary" not in answer.text
    assert "canary-internals" in logged.getvalue()
    assert problem["request_id"] in logged.getvalue()
    assert api.keys["operator"].split("_")[2] not in logged.getvalue()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1].evil"])
def test_a_server_that_listens_on_this_machine_alone_answers_to_no_other_name(settings: ApiSettings, host: str) -> None:
    local = settings.model_copy(update={"allowed_hosts": ()})
    with TestClient(create_app(local)) as client:
        assert_problem(client.get("/healthz", headers={"Host": host}), 421, "host_not_served")
        for own in ("127.0.0.1:8321", "localhost", "LOCALHOST:1", "[::1]:8321"):
            assert client.get("/healthz", headers={"Host": own}).status_code == 200


@pytest.mark.parametrize("path", ["/jobs", "/jobs/x/cancel", "/nope"])
def test_a_body_that_is_too_large_is_refused_wherever_it_is_sent(
    settings: ApiSettings, keys: dict[str, str], path: str
) -> None:
    headers = {"Authorization": f"Bearer {keys['operator']}", "Content-Type": "application/json"}
    with TestClient(create_app(settings.model_copy(update={"max_body_bytes": 100}))) as client:
        answer = client.post(f"/api/v1{path}", content=b"x" * 101, headers=headers)
        problem = assert_problem(answer, 413, "body_too_large")
        assert problem["facts"] == {"max_body_bytes": 100}


def test_a_value_that_was_sent_comes_back_short_and_as_json(api: Api) -> None:
    answer = api.post("/jobs", content=b'{"kind": "command", "name": NaN, "x": "' + b"y" * 9_000 + b'", "\\ud800": 1}')
    assert answer.status_code == 415
    answer = api.post(
        "/jobs",
        content=b'{"kind": "command", "name": NaN, "x": "' + b"y" * 9_000 + b'", "priority": ' + b"9" * 400 + b"}",
        headers={"Content-Type": "application/json"},
    )
    problem = assert_problem(answer, 422, "spec_invalid")
    assert len(json.dumps([error["value"] for error in problem["errors"]])) < 1_000
