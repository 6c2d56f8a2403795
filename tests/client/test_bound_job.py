"""A job that knows its client."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, event, job
from tests.client.scripted import ScriptedServer, as_json
from tests.client.test_downloads import artifact, listed
from tests.client.test_log_stream import message, stream
from tests.client.test_metrics import answer
from tests.client.test_streams import STREAM
from trainshed import Client, wire
from trainshed.client import Job
from trainshed.errors import InvalidRequest, JobFailed, NotConfigured


@pytest.fixture
def bound(server: ScriptedServer, client: Client) -> Job:
    server.on("GET", JOB_PATH, as_json(job(), ETag='"v1"'), as_json(job("failed", latest_metrics={"loss": 0.5})))
    return client.get(JOB_ID)


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.submit("kind: command"),
        lambda client: client.get(JOB_ID),
        lambda client: client.wait(JOB_ID),
        lambda client: client.run("kind: command"),
        lambda client: client.cancel(JOB_ID),
        lambda client: client.update(JOB_ID, priority=1),
        lambda client: client.hold(JOB_ID),
        lambda client: client.release(JOB_ID),
        lambda client: client.pause(JOB_ID),
        lambda client: client.resume(JOB_ID),
        lambda client: client.retry(JOB_ID),
        lambda client: client.clone(JOB_ID),
    ],
)
def test_every_call_that_gives_a_job_gives_one_that_is_bound(
    server: ScriptedServer, client: Client, call: Callable[[Client], Job]
) -> None:
    verbs = ("cancel", "hold", "release", "pause", "resume", "retry", "clone")
    for path in ("/api/v1/jobs", *(f"{JOB_PATH}/{verb}" for verb in verbs)):
        server.on("POST", path, as_json(job("succeeded"), 202))
    server.on("GET", JOB_PATH, as_json(job("succeeded")))
    server.on("PATCH", JOB_PATH, as_json(job("succeeded")))

    found = call(client)

    assert type(found) is Job
    assert found.refresh().id == JOB_ID


def test_a_job_stays_as_it_is_and_a_refresh_is_a_new_one(bound: Job) -> None:
    assert bound.refresh().state == "failed"
    assert bound.state == "running"


def test_a_job_waits_for_its_end(bound: Job) -> None:
    assert bound.wait(5).state == "failed"
    with pytest.raises(JobFailed):
        bound.wait(raise_on_failure=True)


def test_a_job_gives_its_log_to_its_end(server: ScriptedServer, bound: Job) -> None:
    server.on("GET", STREAM, stream(message(b"one", 0), end=True))

    assert b"".join(bound.logs()) == b"one"


def test_a_job_gives_what_it_left(server: ScriptedServer, bound: Job, tmp_path: Path) -> None:
    server.on("GET", f"{JOB_PATH}/metrics", answer(1, 2))
    server.on("GET", f"{JOB_PATH}/events", as_json({"items": [event(1)]}))
    server.on("GET", f"{JOB_PATH}/artifacts", as_json({"items": [listed("notes.txt", b"notes")]}))
    server.on("GET", f"{JOB_PATH}/artifacts/notes.txt", artifact(b"notes", of=b"notes"))

    assert bound.metrics("loss").steps("loss") == [1, 2]
    assert [each.seq for each in bound.events()] == [1]
    assert [each.path for each in bound.artifacts()] == ["notes.txt"]
    assert bound.download("notes.txt", tmp_path).read_bytes() == b"notes"


def test_a_job_is_ended_and_made_again(server: ScriptedServer, bound: Job) -> None:
    for verb in ("cancel", "retry", "clone"):
        server.on("POST", f"{JOB_PATH}/{verb}", as_json(job("queued"), 202))

    assert [bound.cancel().state, bound.retry().state, bound.clone({"name": "again"}).state] == ["queued"] * 3


def test_a_job_equals_one_with_the_same_fields(bound: Job, server: ScriptedServer, client: Client) -> None:
    plain = wire.Job.model_validate(job())

    assert bound == plain
    assert plain == bound
    assert bound == Job.model_validate(job())
    assert bound != wire.Job.model_validate(job("failed"))
    assert bound != bound.id
    assert bound.model_dump_json() == plain.model_dump_json()
    assert bound.model_dump() == plain.model_dump()
    assert "client" not in repr(bound)


def test_a_job_keeps_the_version_that_it_was_read_in(bound: Job) -> None:
    assert bound.etag == '"v1"'
    with pytest.raises(InvalidRequest, match="version of this job"):
        _ = bound.refresh().etag


@pytest.mark.parametrize(
    "remake", [lambda job: pickle.loads(pickle.dumps(job)), lambda job: Job.model_validate(job.model_dump())]
)
def test_a_job_without_a_client_says_so(bound: Job, remake: Callable[[Any], Job]) -> None:
    remade = remake(bound)

    assert remade == bound
    with pytest.raises(NotConfigured, match="no client"):
        remade.refresh()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda job: job.model_copy(deep=True)])
def test_a_copy_of_a_job_keeps_its_client(bound: Job, copied: Callable[[Job], Job]) -> None:
    again = copied(bound)

    assert again == bound
    assert again.refresh().state == "failed"
