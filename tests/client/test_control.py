"""Workers, tokens and retention."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client.documents import NOW
from tests.client.scripted import Answer, ScriptedServer, as_json, problem
from trainshed import Client
from trainshed.errors import Forbidden, NotFound

TOKENS = "/api/v1/tokens"
RETENTION = "/api/v1/retention"
WORKER: dict[str, Any] = {
    "id": "wrk_1",
    "name": "one",
    "host": "h",
    "pool": "cpu",
    "state": "active",
    "slots": 2,
    "busy": 0,
    "cpus": 2.0,
    "memory_bytes": 1,
    "gpus": 0,
    "sandbox": "none",
    "runs_commands": True,
    "versions": {},
    "started_at": NOW,
    "last_seen_at": NOW,
}
TOKEN: dict[str, Any] = {
    "id": "key_1",
    "name": "ci",
    "role": "operator",
    "scopes": ["jobs:read"],
    "created_at": NOW,
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
NEVER: dict[str, Any] = {
    **dict.fromkeys(("jobs_age_s", "jobs_count", "logs_age_s", "logs_count", "artifacts_age_s", "artifacts_count")),
    "updated_at": None,
}
NOTHING: dict[str, Any] = {"jobs": 0, "bytes": 0, "job_ids": [], "more": False}


def test_a_worker_is_drained_and_resumed_and_either_may_be_repeated(server: ScriptedServer, client: Client) -> None:
    server.on("GET", "/api/v1/workers", as_json({"items": [WORKER]}))
    server.on("POST", "/api/v1/workers/wrk_1/drain", Answer(refused=True), as_json({**WORKER, "drain": True}))
    server.on("POST", "/api/v1/workers/wrk_1/resume", Answer(503), as_json(WORKER))

    (worker,) = client.workers()

    assert client.drain_worker(worker.id).drain is True
    assert client.resume_worker(worker.id).drain is False


def test_what_is_no_identifier_of_a_worker_or_token_never_becomes_an_address(
    server: ScriptedServer, client: Client
) -> None:
    with pytest.raises(NotFound, match="worker"):
        client.drain_worker("../tokens")
    with pytest.raises(NotFound, match="token"):
        client.revoke_token("")

    assert server.asked == []


def test_a_token_is_made_with_what_was_asked_for(server: ScriptedServer, client: Client) -> None:
    server.on("POST", TOKENS, as_json({**TOKEN, "key": "trs_new"}, 201))

    made = client.create_token("ci", scopes=["jobs:read"], expires_in="30d")
    client.create_token("ci", role="admin")

    assert (made.id, made.key) == ("key_1", "trs_new")
    assert [json.loads(asked.body) for asked in server.asked] == [
        {"name": "ci", "role": "operator", "scopes": ["jobs:read"], "expires_in": "30d"},
        {"name": "ci", "role": "admin"},
    ]


def test_a_token_is_rotated_listed_and_revoked(server: ScriptedServer, client: Client) -> None:
    server.on("POST", f"{TOKENS}/key_1/rotate", as_json({**TOKEN, "id": "key_2", "key": "trs_new"}, 201))
    server.on("GET", TOKENS, as_json({"items": [TOKEN]}))
    server.on("DELETE", f"{TOKENS}/key_1", Answer(204))

    assert client.rotate_token("key_1", overlap="1h").id == "key_2"
    assert client.rotate_token("key_1").key == "trs_new"
    assert [token.name for token in client.tokens()] == ["ci"]
    client.revoke_token("key_1")

    assert [json.loads(asked.body) for asked in server.asked[:2]] == [{"overlap": "1h"}, {}]
    assert server.asked[-1].method == "DELETE"


def test_a_token_that_may_not_is_told_so(server: ScriptedServer, client: Client) -> None:
    server.on("POST", TOKENS, problem(403, "forbidden"))

    with pytest.raises(Forbidden):
        client.create_token("ci", role="admin")


def test_whoami_says_what_the_key_may_do(server: ScriptedServer, client: Client) -> None:
    me = {"project": "default", "key_id": "key_1", "role": "viewer", "scopes": None}
    server.on("GET", "/api/v1/whoami", as_json(me))

    assert client.whoami().role == "viewer"


def test_retention_is_read_tried_and_set(server: ScriptedServer, client: Client) -> None:
    report = {"policy": NEVER, "jobs": NOTHING, "logs": NOTHING, "artifacts": NOTHING}
    server.on("GET", RETENTION, as_json(NEVER))
    server.on("PUT", RETENTION, Answer(refused=True), as_json({**NEVER, "jobs_count": 5}))
    server.on("POST", f"{RETENTION}/dry-run", Answer(503), as_json(report))

    assert client.retention().jobs_count is None
    assert client.retention_dry_run({"jobs_count": 5}).jobs.jobs == 0
    assert client.set_retention({"jobs_count": 5}).jobs_count == 5
    client.retention_dry_run()

    assert json.loads(server.asked[2].body) == {"jobs_count": 5}
    assert server.asked[-1].body == b""
