"""GET /api/v1/jobs: newest first, filtered, page by page."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from db.engine import Database
from tests.api.conftest import Api, assert_problem
from tests.factories import claim, end


def ids(api: Api, **params: Any) -> list[str]:
    answer = api.get("/jobs", params=params)
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["items"]]


def test_pages_follow_each_other_without_gap_or_repeat_while_new_jobs_come(api: Api) -> None:
    made = [api.submit() for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = api.get("/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        api.submit()  # newer than the page: it must not shift the next one
    assert seen == made[::-1]


def test_a_list_shows_summaries_of_the_own_project_alone(api: Api) -> None:
    job_id = api.submit()
    assert ids(api) == [job_id]
    assert api.get("/jobs", as_="other").json() == {"items": [], "next_cursor": None}
    assert "spec" not in api.get("/jobs").json()["items"][0]


def test_filters_narrow_the_list_together(api: Api, database: Database) -> None:
    first = api.submit(labels={"team": "vision", "a/b.c": 'it\'s "x" = 1'})
    with database.begin() as conn:
        end(conn, claim(conn))
    second = api.submit(name="second", labels={"team": "vision"})
    third = api.submit(labels={"team": "text"})
    assert ids(api, state="succeeded") == [first]
    assert ids(api, state=["succeeded", "queued"]) == [third, second, first]
    assert ids(api, name="second") == [second]
    assert ids(api, kind="train") == []
    assert ids(api, kind=["train", "command"]) == [third, second, first]
    assert ids(api, label="team=vision") == [second, first]
    assert ids(api, label=["team=vision", 'a/b.c=it\'s "x" = 1']) == [first]
    assert ids(api, label="team=vision", state="queued") == [second]
    assert ids(api, label="nothing=here") == []


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"state": "done"}, "state[0]"),
        ({"kind": "training"}, "kind[0]"),
        ({"name": "\0"}, "name"),
        ({"label": "team"}, "label"),
        ({"label": "te'am\"=x"}, "label"),
        ({"label": "team=\0"}, "label"),
        ({"stat": "queued"}, "stat"),
        ({"created_after": "0.5"}, "created_after"),
        ({"created_before": "1790000000"}, "created_before"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "x" * 5_000}, "cursor"),
        ({"cursor": "\N{PILE OF POO}"}, "cursor"),
        ({"cursor": base64.urlsafe_b64encode(b'[1,"job_\\u0000"]').decode()}, "cursor"),
        ({"cursor": base64.urlsafe_b64encode(b'[2,"job_01kb3ag7q8e6v4w9x2c5n8r1tz"]').decode()}, "cursor"),
        ({"cursor": base64.urlsafe_b64encode(b"[" * 120).decode()}, "cursor"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_with_its_field(api: Api, params: dict[str, Any], path: str) -> None:
    problem = assert_problem(api.get("/jobs", params=params), 422, "request_invalid")
    assert [error["path"] for error in problem["errors"]] == [path]
