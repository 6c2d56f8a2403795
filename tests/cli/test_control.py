"""Workers, tokens, retention, whoami and the events of the project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.client.documents import JOB_ID, NOW, event
from tests.client.scripted import Answer, ScriptedServer, as_json
from tests.client.test_project_events import stream

WORKERS = "/api/v1/workers"
TOKENS = "/api/v1/tokens"
RETENTION = "/api/v1/retention"


def worker(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"wrk_{number}", "name": "w", "host": "h", "pool": "cpu", "state": "active", "slots": 4, "busy": 1,
        "cpus": 4.0, "memory_bytes": 1 << 30, "gpus": 0, "sandbox": "none", "runs_commands": True, "versions": {},
        "started_at": NOW, "last_seen_at": NOW, **changes,
    }  # fmt: skip


def token(**changes: Any) -> dict[str, Any]:
    return {
        "id": "key_1", "name": "ci", "role": "viewer", "scopes": None, "created_at": NOW, "expires_at": None,
        "revoked_at": None, "last_used_at": None, **changes,
    }  # fmt: skip


def policy(**changes: Any) -> dict[str, Any]:
    return {
        "jobs_age_s": None, "jobs_count": 100, "logs_age_s": 86_400.0, "logs_count": None, "artifacts_age_s": None,
        "artifacts_count": None, "updated_at": NOW, **changes,
    }  # fmt: skip


def test_workers_are_drained_by_identifier_and_by_name(shell: Shell, server: ScriptedServer) -> None:
    server.on(
        "GET",
        WORKERS,
        as_json({"items": [worker(1, name="a"), worker(2, name="b", state="gone"), worker(3, name="b")]}),
    )
    server.on("POST", f"{WORKERS}/wrk_1/drain", as_json(worker(1, drain=True)))
    server.on("POST", f"{WORKERS}/wrk_3/resume", as_json(worker(3)))

    assert shell.run("worker", "drain", "wrk_1", "-q").stdout == "wrk_1\n"
    assert shell.run("worker", "resume", "b", "-q").stdout == "wrk_3\n"
    assert shell.run("worker", "drain", "c").returncode == 102


def test_a_name_of_several_workers_lists_them(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", WORKERS, as_json({"items": [worker(1), worker(2)]}))

    done = shell.run("worker", "drain", "w")

    assert done.returncode == 2
    assert "wrk_1" in done.stderr
    assert "wrk_2" in done.stderr


def test_workers_of_one_pool_are_listed(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", WORKERS, as_json({"items": [worker(1), worker(2, pool="gpu")]}))

    assert shell.run("worker", "list", "--pool", "gpu", "-q").stdout == "wrk_2\n"


def test_a_new_key_is_shown_once_and_alone_on_demand(shell: Shell, server: ScriptedServer) -> None:
    server.on("POST", TOKENS, as_json(token(key="trs_secret"), 201))
    arguments = ("token", "create", "ci", "--role", "viewer", "--scope", "jobs:read", "--expires-in", "30d")

    shown = shell.run(*arguments)
    alone = shell.run(*arguments, "-q")

    assert shown.stdout.startswith("key\ttrs_secret\n")
    assert "not shown again" in shown.stderr
    assert (alone.stdout, alone.stderr) == ("trs_secret\n", "")
    assert json.loads(server.asked[0].body) == {
        "name": "ci", "role": "viewer", "scopes": ["jobs:read"], "expires_in": 30 * 86_400.0,
    }  # fmt: skip


def test_a_key_is_rotated_with_an_overlap_or_after_a_yes(shell: Shell, server: ScriptedServer) -> None:
    server.on("POST", f"{TOKENS}/key_1/rotate", as_json(token(id="key_2", key="trs_new"), 201))

    assert shell.run("token", "rotate", "key_1").returncode == 2
    assert server.asked == []
    assert shell.run("token", "rotate", "key_1", "--overlap", "1h", "-q").stdout == "trs_new\n"
    assert json.loads(server.asked[0].body) == {"overlap": 3600.0}
    assert shell.run("token", "rotate", "key_1", "--yes", "-q").stdout == "trs_new\n"


def test_tokens_are_listed_and_revoked(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", TOKENS, as_json({"items": [token(scopes=["jobs:read"])]}))
    server.on("DELETE", f"{TOKENS}/key_1", Answer(204))

    assert shell.run("token", "list").stdout.split("\t")[:4] == ["key_1", "ci", "viewer", "jobs:read"]
    assert shell.run("token", "revoke", "key_1").returncode == 2
    assert shell.run("token", "revoke", "key_1", "--yes").returncode == 0


def test_a_policy_is_changed_where_it_is_named_and_else_kept(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", RETENTION, as_json(policy()))
    server.on("PUT", RETENTION, as_json(policy(logs_age_s=3600.0)))

    refused = shell.run("retention", "set", "--logs-age", "1h", "--jobs-count", "all")
    server.asked.clear()
    done = shell.run("retention", "set", "--logs-age", "1h", "--jobs-count", "all", "--artifacts-count", "5", "--yes")

    assert refused.returncode == 1  # what it would remove could not be asked for: nothing is changed blindly
    assert done.returncode == 0
    assert json.loads(server.asked[-1].body) == {
        "jobs_age_s": None, "jobs_count": None, "logs_age_s": 3600.0, "logs_count": None, "artifacts_age_s": None,
        "artifacts_count": 5,
    }  # fmt: skip
    assert done.stdout.splitlines()[1] == "logs\t3600.0\t"


def cut(jobs: int) -> dict[str, Any]:
    return {"jobs": jobs, "bytes": jobs * 1024, "job_ids": [JOB_ID][:jobs], "more": False}


def test_what_a_policy_removes_is_shown_before_it_is_asked(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", RETENTION, as_json(policy()))
    server.on("PUT", RETENTION, as_json(policy()))
    report = {"policy": policy(), "jobs": cut(0), "logs": cut(2), "artifacts": cut(1)}
    server.on("POST", f"{RETENTION}/dry-run", as_json(report))

    with Terminal(shell, "retention", "set", "--logs-age", "1h") as terminal:
        terminal.wait_for("[y/N]")
        terminal.type("n\n")
        code = terminal.end()
    listed = shell.run("retention", "dry-run")

    assert code == 1
    assert "logs of 2 jobs (2.0 KiB), artifacts of 1 jobs (1.0 KiB)" in terminal.seen
    assert [asked.method for asked in server.asked] == ["GET", "POST", "POST"]
    assert listed.stdout.splitlines()[1] == f"logs\t2\t2048\t{JOB_ID}\tfalse"
    assert shell.run("retention", "get", "-q").stdout == "jobs\nlogs\nartifacts\n"


@pytest.mark.parametrize("option", ["--jobs-count=many", "--logs-age=soon"])
def test_what_is_no_limit_is_a_usage_error(offline: Shell, option: str) -> None:
    assert offline.run("retention", "set", option).returncode == 2


def test_whoami_says_project_and_role(shell: Shell, server: ScriptedServer) -> None:
    sender = {"project": "default", "key_id": "key_1", "role": "admin", "scopes": None}
    server.on("GET", "/api/v1/whoami", as_json(sender))

    assert shell.run("whoami").stdout == "project\tdefault\nkey\tkey_1\nrole\tadmin\nscopes\t\n"
    assert json.loads(shell.run("whoami", "-o", "json").stdout) == sender


def test_events_of_all_jobs_name_their_job(shell: Shell, server: ScriptedServer) -> None:
    pages = [{"items": [event(1), event(2, "succeeded")], "next_cursor": "c1"}, {"items": [], "next_cursor": "c1"}]
    server.on("GET", "/api/v1/events", *map(as_json, pages))

    lines = [line.split("\t") for line in shell.run("events").stdout.splitlines()]

    assert [line[:4] for line in lines] == [[NOW, JOB_ID, "start", "running"], [NOW, JOB_ID, "start", "succeeded"]]
    assert lines[1][-1] == "c1"


def test_watching_the_project_ends_with_ctrl_c(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", "/api/v1/events", stream(1))

    with Terminal(shell, "events", "-f") as terminal:
        terminal.wait_for(JOB_ID)
        terminal.type("\x03")
        code = terminal.end()

    assert code == 130
    assert "Traceback" not in terminal.seen
