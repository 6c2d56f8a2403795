"""GET /api/v1/jobs/{id}/events: a list, or a stream that can be resumed. Live streams: test_server.py."""

from __future__ import annotations

import pytest

from db.engine import Database
from tests.api.conftest import Api, assert_problem
from tests.factories import claim, end

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def finished(api: Api, database: Database) -> str:
    job_id = api.submit()
    with database.begin() as conn:
        end(conn, claim(conn))
    return job_id


def parse(stream: str) -> list[dict[str, str]]:
    """Read server-sent events into dictionaries of their fields."""
    blocks = [block for block in stream.split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


def test_events_count_from_one_without_gap(api: Api, finished: str) -> None:
    events = api.get(f"/jobs/{finished}/events").json()["items"]
    assert [(event["seq"], event["type"], event["state"]) for event in events] == [
        (1, "submit", "queued"),
        (2, "claim", "running"),
        (3, "finish", "succeeded"),
    ]
    rest = api.get(f"/jobs/{finished}/events", params={"after": 1, "limit": 1}).json()["items"]
    assert rest == events[1:2]


def test_the_stream_of_a_finished_job_tells_all_and_ends(api: Api, finished: str) -> None:
    answer = api.get(f"/jobs/{finished}/events", headers=STREAM)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, last = parse(answer.text)
    assert {event["retry"] for event in [*events, last]} == {"3000"}
    assert [(event["id"], event["event"]) for event in events] == [("1", "submit"), ("2", "claim"), ("3", "finish")]
    assert '"state":"succeeded"' in events[2]["data"]
    assert last == {"event": "end", "data": '{"state": "succeeded"}', "retry": "3000"}


def test_a_stream_is_resumed_after_the_last_event_that_was_seen(api: Api, finished: str) -> None:
    for known, expected in [("1", ["claim", "finish", "end"]), ("3", ["end"]), ("99", ["end"])]:
        answer = api.get(f"/jobs/{finished}/events", headers={**STREAM, "Last-Event-ID": known})
        assert [event.get("event") for event in parse(answer.text)] == expected


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("last", ["x", "-1", "1" * 20])
def test_a_last_event_that_is_none_is_refused(api: Api, finished: str, last: str) -> None:
    answer = api.get(f"/jobs/{finished}/events", headers={**STREAM, "Last-Event-ID": last})
    assert_problem(answer, 422, "request_invalid")


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_job_of_another_project_has_no_events(api: Api, finished: str, accept: str) -> None:
    answer = api.get(f"/jobs/{finished}/events", headers={"Accept": accept}, as_="other")
    assert_problem(answer, 404, "not_found")
