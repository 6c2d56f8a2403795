"""/api/v1/tokens."""

from __future__ import annotations

import io
import time

import pytest
from sqlalchemy import text

from db.engine import Database
from tests.api.conftest import Api, assert_problem


def make(api: Api, **changes: object) -> dict[str, str]:
    answer = api.post("/tokens", as_="admin", json={"name": "ci", "role": "operator", **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def works(api: Api, key: str) -> bool:
    return api.get("/whoami", as_=None, headers={"Authorization": f"Bearer {key}"}).status_code == 200


def until_ended(api: Api, key: str) -> bool:
    deadline = time.monotonic() + 10
    while works(api, key):
        assert time.monotonic() < deadline
    return True


def test_a_key_is_shown_once_and_never_stored_or_logged(api: Api, database: Database, logged: io.StringIO) -> None:
    made = make(api, expires_in="12h")
    assert works(api, made["key"])
    listed = api.get("/tokens", as_="admin")
    assert made["id"] in {each["id"] for each in listed.json()["items"]}
    secret = made["key"].split("_")[2]
    assert secret not in listed.text
    assert secret not in logged.getvalue()
    with database.read() as conn:
        assert secret not in str(conn.execute(text("SELECT * FROM api_key")).all())


def test_a_revoked_key_ends_within_a_second_and_revoking_again_does_no_harm(api: Api) -> None:
    made = make(api)
    assert works(api, made["key"])
    for _ in range(2):
        assert api.request("DELETE", f"/tokens/{made['id']}", as_="admin").status_code == 204
    assert until_ended(api, made["key"])


def test_a_rotated_key_has_a_successor_with_the_same_rights(api: Api) -> None:
    old = make(api, scopes=["jobs:read"], expires_in=3600)
    new = api.post(f"/tokens/{old['id']}/rotate", as_="admin").json()
    assert (new["name"], new["role"], new["scopes"]) == (old["name"], old["role"], old["scopes"])
    assert new["expires_at"] > old["expires_at"]
    assert works(api, new["key"])
    assert until_ended(api, old["key"])
    problem = assert_problem(api.post(f"/tokens/{old['id']}/rotate", as_="admin"), 409, "conflict")
    assert "Create a new token" in problem["remedy"]


def test_with_an_overlap_the_old_key_goes_on_for_so_long(api: Api) -> None:
    old = make(api)
    answer = api.post(f"/tokens/{old['id']}/rotate", as_="admin", json={"overlap": "1h"})
    assert answer.status_code == 201
    assert works(api, old["key"])
    found = {each["id"]: each for each in api.get("/tokens", as_="admin").json()["items"]}
    assert found[old["id"]]["expires_at"] is not None
    assert found[answer.json()["id"]]["expires_at"] is None


def test_an_overlap_that_is_no_length_of_time_is_refused(api: Api) -> None:
    old = make(api)
    for overlap in (False, "soon", -1):
        answer = api.post(f"/tokens/{old['id']}/rotate", as_="admin", json={"overlap": overlap})
        assert_problem(answer, 422, "request_invalid")
    assert works(api, old["key"])


def test_a_token_cannot_make_one_that_may_do_more_than_itself(api: Api) -> None:
    api.keys["narrow"] = make(api, role="admin", scopes=["tokens:write", "jobs:read"])["key"]
    for scopes in (None, ["jobs:write"]):
        body = {"name": "more", "role": "viewer", "scopes": scopes}
        assert_problem(api.post("/tokens", as_="narrow", json=body), 403, "forbidden")
    body = {"name": "less", "role": "viewer", "scopes": ["jobs:read"]}
    assert api.post("/tokens", as_="narrow", json=body).status_code == 201
    whole = make(api)
    assert_problem(api.post(f"/tokens/{whole['id']}/rotate", as_="narrow"), 403, "forbidden")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "role": "root"}, "role"),
        ({"name": "x", "scopes": ["jobs:delete"]}, "scopes[0]"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "expires_in": "soon"}, "expires_in"),
        ({"name": "x", "expires_in": 0}, "expires_in"),
        ({"name": "x", "expires_in": 1e300}, "expires_in"),
        ({"name": "x", "more": 1}, "more"),
    ],
)
def test_a_wrong_field_is_named(api: Api, body: dict[str, object], path: str) -> None:
    problem = assert_problem(api.post("/tokens", as_="admin", json=body), 422, "request_invalid")
    assert path in {error["path"] for error in problem["errors"]}


def test_what_is_no_identifier_of_a_token_is_not_found(api: Api) -> None:
    for token_id in ("key_000000000000", "x", "key_%00"):
        assert_problem(api.request("DELETE", f"/tokens/{token_id}", as_="admin"), 404, "not_found")
