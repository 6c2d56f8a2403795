"""What changes a job: repeated where that is safe, and sent once where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import Answer, ScriptedServer, as_json, problem
from trainshed import Client, wire
from trainshed.client import Job
from trainshed.errors import InvalidRequest, InvalidSpec, NotFinished, PreconditionFailed, Unavailable, Unreachable

Make = Callable[[Client], object]
MAKING: list[tuple[str, Make]] = [
    ("retry", lambda client: client.retry(JOB_ID)),
    ("clone", lambda client: client.clone(JOB_ID, {"priority": 5})),
]


def test_a_check_makes_nothing_and_may_be_repeated(server: ScriptedServer, client: Client) -> None:
    server.on("POST", "/api/v1/jobs", Answer(refused=True), as_json(job("queued", id="")))

    found = client.check({"kind": "command"})

    assert type(found) is wire.Job
    assert [asked.query for asked in server.asked] == [{"dry_run": ["true"]}] * 2
    assert "idempotency-key" not in server.asked[0].headers


def test_a_check_raises_what_a_submit_would(server: ScriptedServer, client: Client) -> None:
    server.on("POST", "/api/v1/jobs", problem(422, "spec_invalid"))

    with pytest.raises(InvalidSpec):
        client.check("kind: nonsense")


@pytest.mark.parametrize(("verb", "make"), MAKING)
def test_a_new_job_from_an_old_one_is_made_once_however_often_it_is_sent(
    server: ScriptedServer, client: Client, verb: str, make: Make
) -> None:
    server.on("POST", f"{JOB_PATH}/{verb}", Answer(refused=True), Answer(503), as_json(job("queued"), 202))

    make(client)

    assert len(server.asked) == 3
    assert len({(asked.headers["idempotency-key"], asked.body) for asked in server.asked}) == 1


def test_a_given_key_is_kept(server: ScriptedServer, client: Client) -> None:
    server.on("POST", f"{JOB_PATH}/retry", as_json(job("queued"), 202))
    server.on("POST", f"{JOB_PATH}/clone", as_json(job("queued"), 202))

    client.retry(JOB_ID, idempotency_key="one")
    client.clone(JOB_ID, idempotency_key="two")

    assert [asked.headers["idempotency-key"] for asked in server.asked] == ["one", "two"]


def test_a_clone_sends_a_merge_patch_or_no_body(server: ScriptedServer, client: Client) -> None:
    server.on("POST", f"{JOB_PATH}/clone", as_json(job("queued"), 202))

    client.clone(JOB_ID, {"labels": {"team": None}})
    client.clone(JOB_ID)

    patch, plain = server.asked
    assert (patch.headers["content-type"], json.loads(patch.body)) == (
        "application/merge-patch+json",
        {"labels": {"team": None}},
    )
    assert (plain.headers.get("content-type"), plain.body) == (None, b"")


def test_a_retry_of_a_job_that_has_not_finished_is_refused(server: ScriptedServer, client: Client) -> None:
    server.on("POST", f"{JOB_PATH}/retry", problem(409, "job_not_finished"))

    with pytest.raises(NotFinished):
        client.retry(JOB_ID)


@pytest.mark.parametrize("verb", ["hold", "release", "pause", "resume"])
def test_a_stop_and_a_go_may_be_repeated(server: ScriptedServer, client: Client, verb: str) -> None:
    server.on("POST", f"{JOB_PATH}/{verb}", Answer(refused=True), as_json(job("blocked", held=verb == "hold")))

    assert getattr(client, verb)(JOB_ID).held is (verb == "hold")


def test_an_update_sends_what_was_named(server: ScriptedServer, client: Client) -> None:
    server.on("PATCH", JOB_PATH, as_json(job(), ETag='"v2"'))

    found = client.update(JOB_ID, labels={"team": "vision", "old": None}, priority=0, hold=False, if_match='"v1"')
    client.update(JOB_ID, priority=10)

    full, small = server.asked
    assert json.loads(full.body) == {"labels": {"team": "vision", "old": None}, "priority": 0, "hold": False}
    assert full.headers["if-match"] == '"v1"'
    assert found.etag == '"v2"'
    assert (json.loads(small.body), small.headers.get("if-match")) == ({"priority": 10}, None)


def test_an_update_of_a_job_that_has_changed_is_refused(server: ScriptedServer, client: Client) -> None:
    server.on("PATCH", JOB_PATH, problem(412, "precondition_failed"))

    with pytest.raises(PreconditionFailed):
        client.update(JOB_ID, priority=1, if_match='"v1"')


def test_an_update_of_nothing_is_refused_here(server: ScriptedServer, client: Client) -> None:
    with pytest.raises(InvalidRequest, match="nothing to change"):
        client.update(JOB_ID)

    assert server.asked == []


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", f"{JOB_PATH}/cancel", lambda client: client.cancel(JOB_ID)),
        ("PATCH", JOB_PATH, lambda client: client.update(JOB_ID, priority=1)),
        ("DELETE", JOB_PATH, lambda client: client.delete(JOB_ID)),
        ("DELETE", "/api/v1/datasets/faces", lambda client: client.delete_dataset("faces")),
        ("DELETE", "/api/v1/datasets/faces/versions/2", lambda client: client.delete_dataset("faces@2")),
        ("DELETE", "/api/v1/tokens/key_1", lambda client: client.revoke_token("key_1")),
        ("POST", "/api/v1/tokens", lambda client: client.create_token("ci")),
        ("POST", "/api/v1/tokens/key_1/rotate", lambda client: client.rotate_token("key_1")),
    ],
)
@pytest.mark.parametrize("fault", [Answer(refused=True), Answer(broken=True), Answer(503)])
def test_what_must_not_happen_twice_is_sent_once(
    server: ScriptedServer, client: Client, method: str, path: str, call: Callable[[Client], Any], fault: Answer
) -> None:
    server.on(method, path, fault)

    with pytest.raises((Unreachable, Unavailable)):
        call(client)

    assert len(server.asked) == 1


def test_a_delete_has_no_answer(server: ScriptedServer, client: Client) -> None:
    server.on("DELETE", JOB_PATH, Answer(204))

    client.delete(JOB_ID)

    assert [asked.method for asked in server.asked] == ["DELETE"]


def test_a_submit_and_a_get_are_one_request_over_one_connection(server: ScriptedServer, client: Client) -> None:
    server.on("POST", "/api/v1/jobs", as_json(job("queued"), 202))
    server.on("GET", JOB_PATH, as_json(job()))

    for _ in range(3):
        made: Job = client.submit("kind: command")
        client.get(made.id)

    assert [asked.method for asked in server.asked] == ["POST", "GET"] * 3
    assert len({asked.port for asked in server.asked}) == 1
