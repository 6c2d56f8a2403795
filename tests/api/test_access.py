"""Who may do what: generated from the routes, so that a new one without a row, or without a guard, fails here."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from api.app import create_app
from api.auth.requires import Requires
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.dashboard import ROUTERS
from api.settings import ApiSettings
from db import blobs, datasets, reports
from db.datasets import Pin
from db.engine import Database
from db.reports import MadeFile
from storage import open_store
from tests.api.conftest import COMMAND, Api, assert_problem
from tests.api.test_jobs_create import register
from tests.factories import PROJECT, claim, submit
from trainshed.ids import new_id

APP = create_app(ApiSettings())
PAGES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
NEEDED: dict[str, tuple[Role, Scope | None]] = {
    "jobs_create": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_list": (Role.VIEWER, Scope.JOBS_READ),
    "jobs_get": (Role.VIEWER, Scope.JOBS_READ),
    "jobs_create_batch": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_update": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_delete": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_cancel": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_hold": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_release": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_pause": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_resume": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_retry": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_clone": (Role.OPERATOR, Scope.JOBS_WRITE),
    "jobs_explain": (Role.VIEWER, Scope.JOBS_READ),
    "logs_read": (Role.VIEWER, Scope.JOBS_READ),
    "metrics_read": (Role.VIEWER, Scope.JOBS_READ),
    "events_read": (Role.VIEWER, Scope.JOBS_READ),
    "artifacts_list": (Role.VIEWER, Scope.JOBS_READ),
    "artifacts_download": (Role.VIEWER, Scope.JOBS_READ),
    "artifacts_upload": (Role.OPERATOR, Scope.JOBS_WRITE),
    "artifacts_zip": (Role.VIEWER, Scope.JOBS_READ),
    "project_events_read": (Role.VIEWER, Scope.JOBS_READ),
    "workers_list": (Role.VIEWER, Scope.WORKERS_READ),
    "workers_drain": (Role.ADMIN, Scope.WORKERS_WRITE),
    "workers_resume": (Role.ADMIN, Scope.WORKERS_WRITE),
    "tokens_list": (Role.ADMIN, Scope.TOKENS_WRITE),
    "tokens_create": (Role.ADMIN, Scope.TOKENS_WRITE),
    "tokens_rotate": (Role.ADMIN, Scope.TOKENS_WRITE),
    "tokens_revoke": (Role.ADMIN, Scope.TOKENS_WRITE),
    "whoami": (Role.VIEWER, None),
    "retention_get": (Role.VIEWER, Scope.RETENTION_READ),
    "retention_set": (Role.ADMIN, Scope.RETENTION_WRITE),
    "retention_dry_run": (Role.VIEWER, Scope.RETENTION_READ),
    "datasets_list": (Role.VIEWER, Scope.DATASETS_READ),
    "datasets_get": (Role.VIEWER, Scope.DATASETS_READ),
    "datasets_put": (Role.OPERATOR, Scope.DATASETS_WRITE),
    "datasets_delete": (Role.OPERATOR, Scope.DATASETS_WRITE),
    "dataset_versions_get": (Role.VIEWER, Scope.DATASETS_READ),
    "dataset_versions_download": (Role.VIEWER, Scope.DATASETS_READ),
    "dataset_versions_delete": (Role.OPERATOR, Scope.DATASETS_WRITE),
    "uploads_create": (Role.OPERATOR, Scope.DATASETS_WRITE),
    "uploads_get": (Role.VIEWER, Scope.DATASETS_READ),
    "uploads_put_part": (Role.OPERATOR, Scope.DATASETS_WRITE),
    "uploads_complete": (Role.OPERATOR, Scope.DATASETS_WRITE),
    "uploads_delete": (Role.OPERATOR, Scope.DATASETS_WRITE),
}
BODIES: dict[str, dict[str, Any]] = {
    "jobs_create": {"json": COMMAND},
    "jobs_create_batch": {"json": {"jobs": [COMMAND]}},
    "jobs_update": {"json": {"labels": {"a": "b"}}},
    "tokens_create": {"json": {"name": "new", "role": "viewer"}},
    "retention_set": {"json": {"jobs_age": "365d"}},
    "artifacts_upload": {"content": b"bytes"},
    "datasets_put": {"content": b"bytes", "params": {"filename": "a.npz"}},
    "uploads_create": {"json": {"filename": "a.npz", "size": 5, "sha256": hashlib.sha256(b"bytes").hexdigest()}},
    "uploads_put_part": {"content": b"bytes"},
}
"""What to send, by operation; nothing where there is no row."""
OPEN = {"/healthz", "/readyz", "/version", "/openapi.json", "/metrics", "/docs", "/docs/{name}"}
UNGUARDED_PAGES = {"/sign-in", "/sign-out", "/assets/{version}/{name:path}", "/favicon.ico"}


def api_routes() -> Iterator[RouteContext]:
    return (route for route in iter_route_contexts(APP.routes) if (route.path or "").startswith("/api/"))


def guards(route: RouteContext) -> list[Requires]:
    return [found.call for found in route.dependant.dependencies if isinstance(found.call, Requires)]


def test_everything_but_the_probes_lies_below_the_api() -> None:
    paths = {route.path for route in iter_route_contexts(APP.routes)} - {route.path for route in PAGES}
    assert {path for path in paths if not (path or "").startswith("/api/v1/")} == OPEN


def test_every_page_has_exactly_one_guard_but_those_that_lead_to_one() -> None:
    found = {
        route.path: sum(isinstance(each.call, Requires) for each in route.dependant.dependencies) for route in PAGES
    }
    assert {path for path, guards in found.items() if guards != 1} == UNGUARDED_PAGES


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
    """What fills the paths: a running job with one artifact, a worker, a token."""
    job_id = api.submit()
    register(database, id="wrk_a", name="a")
    token_id = api.post("/tokens", as_="admin", json={"name": "spare", "role": "viewer"}).json()["id"]
    blob = open_store(settings.store_url).put_file(io.BytesIO(b"bytes"))
    with database.begin() as conn:
        assert blobs.touch(conn, blob.digest, blob.size)
        reports.add_artifacts(conn, claim(conn).lease, [MadeFile("file", blob.digest, blob.size, "text/plain")])
    return {"job_id": job_id, "path": "file", "worker_id": "wrk_a", "token_id": token_id, **data_world(api, database)}


def data_world(api: Api, database: Database) -> dict[str, str]:
    """A version of a dataset that an unfinished job reads, so that nothing can take it away, and an upload."""
    api.request("PUT", "/datasets/digits", **BODIES["datasets_put"])
    with database.begin() as conn:
        dataset_id = datasets.hold(conn, PROJECT, "digits")
        assert dataset_id is not None
        datasets.note_use(conn, submit(conn), [Pin(dataset_id, 1, "data.dataset")])
    upload = api.post("/datasets/digits/uploads", **BODIES["uploads_create"]).json()
    return {"name": "digits", "version": "1", "upload_id": upload["id"], "number": "1"}


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
        hidden = any(owned in (route.path or "") for owned in ("{job_id}", "{token_id}", "{upload_id}"))
        assert answer.status_code == (404 if hidden else answer.status_code)
        assert world["job_id"] not in answer.text or answer.status_code == 404
    elif Role(as_).includes(NEEDED[str(route.operation_id)][0]):
        # What changes things may find them in another state than it needs; that is a later question.
        fine = {200} if route.methods == {"GET"} else {200, 201, 202, 204, 409}
        assert answer.status_code in fine, (route.operation_id, answer.text)
    else:
        assert assert_problem(answer, 403, "forbidden")["facts"]["needed_role"] == NEEDED[str(route.operation_id)][0]


def test_a_role_is_checked_before_the_job_is_looked_for(api: Api) -> None:
    assert_problem(api.post(f"/jobs/{new_id('job')}/cancel", as_="viewer"), 403, "forbidden")


def test_a_key_that_may_not_write_datasets_submits_no_job_whose_end_is_one(api: Api) -> None:
    made = api.post("/tokens", as_="admin", json={"name": "ci", "role": "operator", "scopes": ["jobs:write"]}).json()
    api.keys["scoped"] = made["key"]
    data = {"dataset": "builtin/breast-cancer"}
    spec = {"kind": "preprocess", "data": data, "preprocess": [{"step": "min_max"}], "output": {"dataset": "ready"}}
    assert api.post("/jobs", as_="scoped", json=COMMAND).status_code == 202
    for path, body in (("/jobs", spec), ("/jobs/batch", {"jobs": [COMMAND, spec]})):
        problem = assert_problem(api.post(path, as_="scoped", json=body), 403, "forbidden")
        assert problem["facts"]["needed_scope"] == "datasets:write"
    assert api.post("/jobs", as_="operator", json=spec).status_code == 202


def test_a_key_with_scopes_does_what_they_name_and_nothing_else(api: Api) -> None:
    made = api.post("/tokens", as_="admin", json={"name": "ci", "role": "operator", "scopes": ["jobs:read"]}).json()
    api.keys["scoped"] = made["key"]
    assert api.get("/jobs", as_="scoped").status_code == 200
    problem = assert_problem(api.post("/jobs", as_="scoped", json=COMMAND), 403, "forbidden")
    assert problem["facts"] == {"needed_scope": "jobs:write", "scopes": ["jobs:read"]}
    assert_problem(api.get("/workers", as_="scoped"), 403, "forbidden")
    assert api.get("/whoami", as_="scoped").json() == {
        "project": "prj_test",
        "key_id": made["id"],
        "role": "operator",
        "scopes": ["jobs:read"],
    }
