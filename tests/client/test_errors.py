"""Every answer that is no success becomes the exception it came from."""

from __future__ import annotations

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json, problem
from tests.servers import free_port
from trainshed import Client
from trainshed.errors import (
    BY_CODE,
    FieldError,
    InvalidSpec,
    NotFound,
    TrainshedError,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)

SERVER_SIDE = sorted(code for code, kind in BY_CODE.items() if kind.status != 500)


@pytest.mark.parametrize("code", SERVER_SIDE)
def test_each_code_becomes_its_class(server: ScriptedServer, client: Client, code: str) -> None:
    server.on("POST", f"{JOB_PATH}/cancel", problem(BY_CODE[code].status, code, "what happened"))

    with pytest.raises(BY_CODE[code], match="what happened") as caught:
        client.cancel(JOB_ID)

    assert type(caught.value) is BY_CODE[code]


def test_a_problem_keeps_fields_facts_remedy_and_request(server: ScriptedServer, client: Client) -> None:
    fields = [{"path": "training.epochs", "message": "must be at least 1", "value": 0, "from_the_future": 1}]
    answer = problem(
        422, "spec_invalid", errors=fields, facts={"count": 1}, remedy="Correct it.", request_id="req_1", extra="new"
    )
    server.on("POST", "/api/v1/jobs", answer)

    with pytest.raises(InvalidSpec) as caught:
        client.submit({"kind": "train"})

    error = caught.value
    assert error.errors == (FieldError("training.epochs", "must be at least 1", 0),)
    assert (error.facts["count"], error.advice, error.request_id) == (1, "Correct it.", "req_1")
    assert error.problem is not None
    assert (error.problem.code, error.problem.status, error.problem.facts) == ("spec_invalid", 422, {"count": 1})


def test_an_error_of_this_side_has_no_problem(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, Answer(200, b"<html>"))

    with pytest.raises(UnexpectedAnswer) as caught:
        client.get(JOB_ID)

    assert caught.value.problem is None


def test_a_code_of_a_newer_server_keeps_its_words(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, problem(418, "teapot", "short and stout"))

    with pytest.raises(TrainshedError, match="short and stout") as caught:
        client.get(JOB_ID)

    assert caught.value.facts["code"] == "teapot"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"}),
        Answer(200, b"{", {"Content-Type": "application/json"}),
        as_json({"id": JOB_ID}),
        as_json([]),
        Answer(404, b"not here", {"Content-Type": "text/plain"}),
        Answer(302, b"", {"Location": "https://login.example/"}),
        Answer(500, b"{}", {"Content-Type": "application/problem+json"}),
    ],
    ids=["html", "cut json", "other json", "list", "other 404", "redirect", "empty problem"],
)
def test_what_no_trainshed_server_answers_is_said_so(server: ScriptedServer, client: Client, answer: Answer) -> None:
    server.on("GET", JOB_PATH, answer)

    with pytest.raises(UnexpectedAnswer, match=JOB_PATH):
        client.get(JOB_ID)

    assert len(server.asked) == 1


def test_fields_of_a_newer_server_are_ignored(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job(from_the_future={"x": 1})))

    assert client.get(JOB_ID).id == JOB_ID


def test_no_server_is_unreachable_with_its_address_and_a_remedy(clock: FakeTime) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with Client(url, "k", patience=clock.patience()) as client, pytest.raises(Unreachable, match=url) as caught:
        client.get(JOB_ID)

    assert "trainshed up" in caught.value.advice
    assert sum(clock.slept) <= 30


def test_a_gateway_without_a_server_is_unavailable(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, Answer(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"}))

    with pytest.raises(Unavailable, match="502"):
        client.get(JOB_ID)


@pytest.mark.parametrize("job_id", ["", "..", "../workers", "job_1/cancel", "job 1", "job_1?x"])
def test_what_is_no_identifier_never_becomes_an_address(server: ScriptedServer, client: Client, job_id: str) -> None:
    with pytest.raises(NotFound, match="no identifier"):
        client.get(job_id)

    assert server.asked == []
