"""What may be repeated is repeated, and nothing else is."""

from __future__ import annotations

import json

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json, problem
from trainshed import Client
from trainshed.errors import NotFound, Unavailable, Unreachable

BUSY = Answer(503, b"", {"Retry-After": "7"})


def test_a_read_is_repeated_after_the_time_the_server_named(
    server: ScriptedServer, client: Client, clock: FakeTime
) -> None:
    server.on("GET", JOB_PATH, BUSY, as_json(job()))

    assert client.get(JOB_ID).id == JOB_ID
    assert clock.slept == [7.0]


def test_waits_double_and_end_with_the_budget(server: ScriptedServer, client: Client, clock: FakeTime) -> None:
    server.on("GET", JOB_PATH, problem(503, "unavailable", "the database does not answer"))

    with pytest.raises(Unavailable, match="database"):
        client.get(JOB_ID)

    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_a_longer_wait_than_the_budget_is_not_begun(server: ScriptedServer, client: Client, clock: FakeTime) -> None:
    server.on("GET", JOB_PATH, Answer(503, b"", {"Retry-After": "3600"}))

    with pytest.raises(Unavailable):
        client.get(JOB_ID)

    assert clock.slept == []


@pytest.mark.parametrize("fault", [Answer(refused=True), Answer(broken=True), Answer(502), Answer(504), Answer(429)])
def test_each_passing_fault_is_repeated(server: ScriptedServer, client: Client, fault: Answer) -> None:
    server.on("GET", JOB_PATH, fault, as_json(job()))

    assert client.get(JOB_ID).id == JOB_ID


def test_an_error_that_will_stay_is_not_repeated(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, problem(404, "not_found"))

    with pytest.raises(NotFound):
        client.get(JOB_ID)

    assert len(server.asked) == 1


def test_a_submit_whose_answer_was_lost_is_repeated_with_the_same_key_and_body(
    server: ScriptedServer, client: Client
) -> None:
    server.on("POST", "/api/v1/jobs", Answer(refused=True), BUSY, as_json(job("queued"), 202))

    assert client.submit({"kind": "command", "name": "hello", "command": ["true"]}).id == JOB_ID

    assert len(server.asked) == 3
    assert len({(asked.headers["idempotency-key"], asked.body) for asked in server.asked}) == 1


def test_two_submits_have_two_keys_and_a_given_key_is_kept(server: ScriptedServer, client: Client) -> None:
    server.on("POST", "/api/v1/jobs", as_json(job("queued"), 202))

    client.submit("kind: command")
    client.submit("kind: command")
    client.submit("kind: command", idempotency_key="mine")

    first, second, third = (asked.headers["idempotency-key"] for asked in server.asked)
    assert len({first, second, third}) == 3
    assert third == "mine"


@pytest.mark.parametrize("fault", [Answer(refused=True), BUSY])
def test_a_cancel_is_sent_once(server: ScriptedServer, client: Client, fault: Answer) -> None:
    server.on("POST", f"{JOB_PATH}/cancel", fault)

    with pytest.raises((Unreachable, Unavailable)):
        client.cancel(JOB_ID)

    assert len(server.asked) == 1


def test_the_key_and_the_name_of_the_client_are_sent(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job()))

    client.get(JOB_ID)

    assert server.asked[0].headers["authorization"] == "Bearer trs_key"
    assert server.asked[0].headers["user-agent"].startswith("trainshed/")


def test_loopback_is_never_asked_through_a_proxy(
    server: ScriptedServer, clock: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.on("GET", JOB_PATH, as_json(job()))

    with Client(server.url, "k", patience=clock.patience()) as client:
        assert client.get(JOB_ID).id == JOB_ID


def test_health_is_asked_once_and_read_whether_ready_or_not(server: ScriptedServer, client: Client) -> None:
    server.on("GET", "/readyz", as_json({"ready": False, "checks": {"database": "no answer"}}, 503))

    assert client.health().checks == {"database": "no answer"}
    assert len(server.asked) == 1


def test_a_mapping_is_sent_as_json_and_text_as_yaml(server: ScriptedServer, client: Client) -> None:
    server.on("POST", "/api/v1/jobs", as_json(job("queued"), 202))

    client.submit({"kind": "command", "name": "é"})
    client.submit("kind: command\nname: é\n")

    as_mapping, as_text = server.asked
    assert (as_mapping.headers["content-type"], json.loads(as_mapping.body)["name"]) == ("application/json", "é")
    assert (as_text.headers["content-type"], as_text.body.decode()) == ("application/yaml", "kind: command\nname: é\n")
