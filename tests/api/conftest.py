"""The real application over a real database, and keys of each role."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from pydantic import SecretStr
from starlette.testclient import TestClient

from api.app import create_app
from api.auth.issue import issue_key
from api.auth.roles import Role
from api.settings import ApiSettings
from db.engine import Database
from db.logs import set_up_logs
from tests.factories import PROJECT, make_project
from tests.servers import ValkeyServer

OTHER_PROJECT = "prj_other"
COMMAND: dict[str, Any] = {"kind": "command", "name": "hello", "command": ["echo", "hello"]}


class Api:
    """Sends requests as an operator, or as whom `as_` names."""

    def __init__(self, client: TestClient, keys: dict[str, str]) -> None:
        self.client = client
        self.keys = keys

    def request(self, method: str, path: str, *, as_: str | None = "operator", **more: Any) -> httpx2.Response:
        headers = dict(more.pop("headers", {}))
        if as_ is not None:
            headers.setdefault("Authorization", f"Bearer {self.keys[as_]}")
        return self.client.request(method, path if path.startswith("//") else f"/api/v1{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx2.Response:
        return self.request("POST", path, **more)

    def submit(self, **changes: Any) -> str:
        answer = self.post("/jobs", json={**COMMAND, **changes})
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["id"]
        return job_id


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a whole problem document, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    """What the test logs, as a server process would."""
    set_up_logs()
    stream = io.StringIO()
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def settings(database_url: str, valkey: ValkeyServer, tmp_path: Path) -> ApiSettings:
    return ApiSettings(
        database_url=SecretStr(database_url),
        broker_url=SecretStr(valkey.url),
        store_url=str(tmp_path / "store"),
        elastic_pools=("elastic",),
        allowed_hosts=("testserver",),
        threads=8,
    )


@pytest.fixture
def keys(database: Database) -> dict[str, str]:
    """The text of a key of each role, and of an administrator of another project."""
    with database.begin() as conn:
        make_project(conn)
        make_project(conn, OTHER_PROJECT)
        made = {role.value: issue_key(conn, PROJECT, role.value, role) for role in Role}
        return {**made, "other": issue_key(conn, OTHER_PROJECT, "other", Role.ADMIN)}


@pytest.fixture
def api(settings: ApiSettings, keys: dict[str, str]) -> Iterator[Api]:
    with TestClient(create_app(settings)) as client:
        yield Api(client, keys)
