"""How many requests a key may send, and how many wrong keys may come from one address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.auth.rates import Rates
from api.settings import ApiSettings
from tests.api.conftest import COMMAND, Api, assert_problem
from trainshed.errors import TooManyRequests

WRONG = {"Authorization": "Bearer wrong"}


@contextmanager
def limited(settings: ApiSettings, keys: dict[str, str], **limits: int) -> Iterator[Api]:
    with TestClient(create_app(settings.model_copy(update=limits))) as client:
        yield Api(client, keys)


def test_each_answer_says_what_is_left(settings: ApiSettings, keys: dict[str, str]) -> None:
    with limited(settings, keys, requests_per_minute=5) as api:
        answers = [api.get("/jobs"), api.post("/jobs", json=COMMAND), api.get("/jobs/job_nope")]
    assert [answer.headers["ratelimit-policy"] for answer in answers] == ['"default";q=5;w=60'] * 3
    lefts = [re.fullmatch(r'"default";r=(\d);t=(\d+)', answer.headers["ratelimit"]) for answer in answers]
    assert [left and left[1] for left in lefts] == ["4", "3", "2"]


def test_a_key_that_sends_too_much_is_told_when_to_come_back(settings: ApiSettings, keys: dict[str, str]) -> None:
    with limited(settings, keys, requests_per_minute=2) as api:
        for _ in range(2):
            assert api.get("/jobs").status_code == 200
        refused = api.post("/jobs", json=COMMAND)
        problem = assert_problem(refused, 429, "too_many_requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert problem["facts"]["quota"] == 2
        assert api.get("/jobs", as_="viewer").status_code == 200  # another key has its own


def test_probes_and_documents_are_not_counted(settings: ApiSettings, keys: dict[str, str]) -> None:
    with limited(settings, keys, requests_per_minute=1) as api:
        for _ in range(5):
            assert api.client.get("/healthz").status_code == 200
            assert api.client.get("/openapi.json").status_code == 200
        assert api.get("/jobs").status_code == 200


def test_wrong_keys_are_counted_by_address_and_a_valid_one_still_gets_in(
    settings: ApiSettings, keys: dict[str, str]
) -> None:
    with limited(settings, keys, wrong_keys_per_minute=3) as api:
        for _ in range(3):
            assert_problem(api.get("/jobs", as_=None, headers=WRONG), 401, "unauthenticated")
        refused = api.get("/jobs", as_=None, headers=WRONG)
        assert_problem(refused, 429, "too_many_requests")
        assert "retry-after" in refused.headers
        assert api.get("/jobs").status_code == 200


def test_no_limit_is_no_limit(settings: ApiSettings, keys: dict[str, str]) -> None:
    with limited(settings, keys, requests_per_minute=0, wrong_keys_per_minute=0) as api:
        for _ in range(200):
            assert api.get("/jobs", as_=None, headers=WRONG).status_code == 401
        assert "ratelimit" not in api.get("/jobs").headers


def test_a_new_window_lets_the_key_in_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000_020.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    rates = Rates(requests=1, wrong_keys=1)
    assert rates.take("key_a")
    with pytest.raises(TooManyRequests) as refused:
        rates.take("key_a")
    now[0] += refused.value.facts["retry_after_s"]
    assert rates.take("key_a")
