"""Lists and waits."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json
from trainshed import Client
from trainshed.errors import JobFailed, UnexpectedAnswer, WaitTimedOut
from trainshed.states import JobState

JOBS = "/api/v1/jobs"


def page(count: int, cursor: str | None) -> Answer:
    return as_json({"items": [job()] * count, "next_cursor": cursor})


def test_a_list_goes_on_to_the_last_page(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(2, "c1"), page(2, "c2"), page(1, None))

    assert len([*client.list()]) == 5
    assert [asked.query.get("cursor") for asked in server.asked] == [None, ["c1"], ["c2"]]


def test_a_limit_asks_for_no_more_than_that(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(50, "c1"), page(20, "c2"))

    assert len([*client.list(limit=70)]) == 70
    assert [asked.query["limit"] for asked in server.asked] == [["50"], ["20"]]


def test_a_list_asks_for_what_was_named(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(0, None))

    [*client.list(state=[JobState.QUEUED, "running"], kind="train", name="n", labels={"team": "vision", "a": "b=c"})]

    assert server.asked[0].query == {
        "state": ["queued", "running"],
        "kind": ["train"],
        "name": ["n"],
        "label": ["team=vision", "a=b=c"],
        "limit": ["50"],
    }


def test_every_filter_has_its_parameter(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(0, None))
    noon = datetime(2026, 11, 23, 12, tzinfo=timezone(timedelta(hours=1)))

    [*client.list(text="resnet", id_prefix="job_01", created_after=noon, created_before="2026-12-01", sort="-finished")]

    assert server.asked[0].query == {
        "text": ["resnet"],
        "id_prefix": ["job_01"],
        "created_after": ["2026-11-23T12:00:00+01:00"],
        "created_before": ["2026-12-01"],
        "sort": ["-finished"],
        "limit": ["50"],
    }


def test_a_time_without_a_zone_is_local(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(0, None))
    noon = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - that is what is tested

    [*client.list(created_after=noon)]

    sent = datetime.fromisoformat(server.asked[0].query["created_after"][0])
    assert sent.tzinfo is not None
    assert sent == noon.astimezone()


def test_a_short_or_empty_page_need_not_be_the_last(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(0, "c1"), page(1, "c2"), page(0, "c3"), page(2, "c4"))

    assert len([*client.list(limit=3)]) == 3
    assert [asked.query["limit"] for asked in server.asked] == [["3"], ["3"], ["2"], ["2"]]


def test_a_list_that_does_not_advance_is_given_up(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(1, "same"))

    with pytest.raises(UnexpectedAnswer, match="does not advance"):
        [*client.list()]


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_wait_returns_on_any_end(server: ScriptedServer, client: Client, state: str) -> None:
    server.on("GET", JOB_PATH, as_json(job("running")), as_json(job(state)))

    assert client.wait(JOB_ID).state == state
    assert server.asked[0].query["wait"] == ["30.000s"]


def test_a_wait_raises_for_a_failed_job_if_asked_to(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("failed", reason="diverged", message="the loss became NaN")))

    with pytest.raises(JobFailed, match="the loss became NaN") as caught:
        client.wait(JOB_ID, raise_on_failure=True)

    assert caught.value.facts == {"job_id": JOB_ID, "state": "failed", "reason": "diverged"}


def test_a_wait_ends_with_its_time_and_does_not_run_in_circles(
    server: ScriptedServer, client: Client, clock: FakeTime
) -> None:
    server.on("GET", JOB_PATH, as_json(job("running")))

    with pytest.raises(WaitTimedOut, match="still running after 5 s"):
        client.wait(JOB_ID, timeout_s=5)

    assert clock.time == pytest.approx(1005.0)
    assert len(server.asked) <= 7


def test_a_run_is_a_submit_and_a_wait(server: ScriptedServer, client: Client) -> None:
    server.on("POST", JOBS, as_json(job("queued"), 202))
    server.on("GET", JOB_PATH, as_json(job("succeeded", latest_metrics={"accuracy": 0.9})))

    assert client.run({"kind": "command"}).latest_metrics == {"accuracy": 0.9}
