"""Any number of jobs, in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.documents import JOB_ID
from tests.client.scripted import Answer, Asked, ScriptedServer, as_json, problem
from trainshed import Client
from trainshed.errors import InvalidSpec

BATCH = "/api/v1/jobs/batch"


def specs(count: int) -> Iterator[dict[str, Any]]:
    return ({"kind": "command", "name": f"job-{n}", "command": ["true"]} for n in range(count))


def made(count: int, first: int = 0) -> Answer:
    return as_json(
        {"items": [{"id": JOB_ID, "name": f"job-{first + n}", "state": "queued"} for n in range(count)]}, 202
    )


def names(asked: Asked) -> list[str]:
    return [spec["name"] for spec in json.loads(asked.body)["jobs"]]


def keys(server: ScriptedServer) -> list[str]:
    return [asked.headers["idempotency-key"] for asked in server.asked]


def test_many_jobs_go_in_batches_and_come_back_in_their_order(server: ScriptedServer, client: Client) -> None:
    server.on("POST", BATCH, made(1000), made(1000, 1000), made(500, 2000))

    refs = client.submit_many(specs(2500))

    assert [ref.name for ref in refs] == [f"job-{n}" for n in range(2500)]
    assert [len(names(asked)) for asked in server.asked] == [1000, 1000, 500]
    assert [name for asked in server.asked for name in names(asked)] == [ref.name for ref in refs]


def test_no_job_is_no_request(server: ScriptedServer, client: Client) -> None:
    assert client.submit_many([]) == ()
    assert server.asked == []


def test_a_batch_is_also_bounded_in_bytes(server: ScriptedServer, client: Client) -> None:
    server.on("POST", BATCH, made(1), made(1), made(1))
    large = ({"kind": "command", "name": "n", "command": ["x" * (9 << 20)]} for _ in range(3))

    assert len(client.submit_many(large)) == 3
    assert all(len(asked.body) < 16 << 20 for asked in server.asked)


def test_each_batch_has_a_key_of_its_own_which_a_repeat_has_again(server: ScriptedServer, client: Client) -> None:
    server.on("POST", BATCH, Answer(refused=True), made(1000), made(1), made(1000), made(1), made(1000), made(1))

    client.submit_many(specs(1001), idempotency_key="mine")
    client.submit_many(specs(1001), idempotency_key="mine")
    client.submit_many(specs(1001))

    lost, first, second, *again, third, fourth = keys(server)
    assert lost == first
    assert again == [first, second]
    assert len({first, second, third, fourth}) == 4


def test_an_error_names_its_place_among_all_specs_and_how_many_jobs_there_are(
    server: ScriptedServer, client: Client
) -> None:
    fields = [{"path": "jobs[3].command", "message": "required"}, {"path": "jobs", "message": "odd"}]
    server.on("POST", BATCH, made(1000), problem(422, "spec_invalid", errors=fields))

    with pytest.raises(InvalidSpec) as caught:
        client.submit_many(specs(1500))

    assert [error.path for error in caught.value.errors] == ["jobs[1003].command", "jobs"]
    assert caught.value.facts["accepted"] == 1000


def test_every_form_of_a_spec_may_stand_in_a_batch(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on("POST", BATCH, made(4))
    (tmp_path / "job.yaml").write_text("kind: command\nname: é\n")
    (tmp_path / "job.json").write_text('{"kind": "command", "name": "j"}')

    client.submit_many([{"name": "mapping"}, "name: text", tmp_path / "job.yaml", tmp_path / "job.json"])

    assert names(server.asked[0]) == ["mapping", "text", "é", "j"]


def test_text_that_is_no_yaml_is_refused_before_anything_is_sent(server: ScriptedServer, client: Client) -> None:
    with pytest.raises(InvalidSpec, match="not valid YAML"):
        client.submit_many([{"name": "fine"}, "name: [broken"])

    assert server.asked == []
