"""Who may do what: generated from the routes, so that a new one without a row, or without a guard, fails here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.routing import RouteContext, iter_route_contexts

from api.app import create_app
from api.auth.requires import Requires
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.settings import ApiSettings
from db import reports
from db.engine import Database
from db.reports import MadeFile
from storage import open_store
from tests.api.conftest import COMMAND, Api, assert_problem
from tests.factories import claim
from trainshed.ids import new_id

APP = create_app(ApiSettings())
NEEDED: dict[str, tuple[Role, Scope | None]] = {
    "jobs_create": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_list": (Role.VIEWER, Scope.JOBS_READ),
    "jobs_get": (Role.VIEWER, Scope.JOBS_READ),
    "jobs_cancel": (Role.OPERATOR, Scope.JOBS_WRITE),
    "logs_read": (Role.VIEWER, Scope.JOBS_READ),
    "metrics_read": (Role.VIEWER, Scope.JOBS_READ),
    "events_read": (Role.VIEWER, Scope.JOBS_READ),
    "artifacts_list": (Role.VIEWER, Scope.JOBS_READ),
    "artifacts_download": (Role.VIEWER, Scope.JOBS_READ),
    "workers_list": (Role.VIEWER, Scope.WORKERS_READ),
}
BODIES: dict[str, dict[str, Any]] = {"jobs_create": {"json": COMMAND}}
"""What to send, by operation; nothing where there is no row."""
OPEN = {"/healthz", "/readyz", "/version", "/openapi.json"}


def api_routes() -> Iterator[RouteContext]:
    return (route for route in iter_route_contexts(APP.routes) if (route.path or "").startswith("/api/"))


def guards(route: RouteContext) -> list[Requires]:
    return [found.call for found in route.dependant.dependencies if isinstance(found.call, Requires)]


def test_everything_but_the_probes_lies_below_the_api() -> None:
    paths = {route.path for route in iter_route_contexts(APP.routes)}
    assert {path for path in paths if not (path or "").startswith("/api/v1/")} == OPEN


def test_every_route_has_exactly_one_guard_with_the_role_and_scope_of_its_row() -> None:
    found = {route.operation_id: [(guard.role, guard.scope) for guard in guards(route)] for route in api_routes()}
    assert found == {operation: [needed] for operation, needed in NEEDED.items()}


def test_every_operation_has_its_own_name_and_problems_in_the_documentation() -> None:
    paths = APP.openapi()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, methods in paths.items():
        for operation in methods.values():
            if path.startswith("/api/v1"):
                assert {"401", "403", "503"} <= set(operation["responses"])
                assert operation["security"] == [{"api_key": []}]
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert "application/problem+json" in response["content"], (path, status)


@pytest.fixture
def world(api: Api, database: Database, settings: ApiSettings) -> dict[str, str]:
    """What fills the paths: a running job with one artifact."""
    job_id = api.submit()
    blob = open_store(settings.store_url).put_file(io.BytesIO(b"bytes"))
    with database.begin() as conn:
        reports.add_artifacts(conn, claim(conn).lease, [MadeFile("file", blob.digest, blob.size, "text/plain")])
    return {"job_id": job_id, "path": "file"}


def ask(api: Api, route: RouteContext, world: dict[str, str], as_: str | None) -> httpx2.Response:
    path = (route.path_format or "").format(**world).removeprefix("/api/v1")
    (method,) = route.methods or ()
    return api.request(method, path, as_=as_, **BODIES.get(str(route.operation_id), {}))


@pytest.mark.parametrize("as_", [None, "other", "viewer", "operator", "admin"])
def test_each_route_answers_each_caller_as_its_row_says(api: Api, world: dict[str, str], as_: str | None) -> None:
    for route in api_routes():
        check(route, ask(api, route, world, as_), world, as_)


def check(route: RouteContext, answer: httpx2.Response, world: dict[str, str], as_: str | None) -> None:
    if as_ is None:
        assert_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    elif as_ == "other":
        assert answer.status_code == (404 if "{job_id}" in (route.path or "") else answer.status_code)
        assert world["job_id"] not in answer.text or answer.status_code == 404
    elif Role(as_).includes(NEEDED[str(route.operation_id)][0]):
        assert answer.status_code in (200, 201, 202, 204), (route.operation_id, answer.text)
    else:
        assert assert_problem(answer, 403, "forbidden")["facts"]["needed_role"] == NEEDED[str(route.operation_id)][0]


def test_a_role_is_checked_before_the_job_is_looked_for(api: Api) -> None:
    assert_problem(api.post(f"/jobs/{new_id('job')}/cancel", as_="viewer"), 403, "forbidden")
