"""Tab, as a shell sees it: the script it loads, and what the command offers with a shell's variables set."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from tests.cli.conftest import DEADLINE_S, EXECUTABLE, Shell
from tests.client.documents import JOB_ID, JOB_PATH, NOW, dataset, job, version
from tests.client.scripted import Answer, ScriptedServer, as_json, problem
from tests.servers import free_port
from trainshed.cli.completion import KINDS
from trainshed.specs.parse import KINDS as SPEC_KINDS

JOBS = "/api/v1/jobs"
OTHER = f"{JOB_ID[:-1]}2"

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def in_bash(shell: Shell, *words: str) -> list[str]:
    """What bash offers for the last of the words, asked through the function that it loaded."""
    script = (
        'source <(trainshed --show-completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        '_trainshed_completion trainshed; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{EXECUTABLE.parent}:{shell.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script, "bash", "trainshed", *words],
        cwd=shell.folder,
        env=shell.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def in_zsh(shell: Shell, words: str) -> str:
    """What zsh is given to evaluate."""
    done = shell.run(_TRAINSHED_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=f"trainshed {words}")
    assert done.stderr == ""
    return done.stdout


@needs_bash
def test_bash_completes_commands_options_and_choices_without_a_server(offline: Shell) -> None:
    assert in_bash(offline, "jo") == ["job"]
    assert in_bash(offline, "job", "l") == ["list", "logs"]
    assert in_bash(offline, "job", "list", "--sta") == ["--state"]
    assert in_bash(offline, "job", "list", "--state", "s") == ["succeeded"]
    assert in_bash(offline, "job", "list", "--kind", "ev") == ["evaluate"]


@needs_bash
def test_bash_completes_jobs_of_the_server(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, as_json({"items": [job(), job("failed", id=OTHER, name="digits")], "next_cursor": None}))

    assert in_bash(shell, "job", "logs", "") == [JOB_ID, OTHER, "digits", "hello"]
    assert in_bash(shell, "job", "logs", "job_") == [JOB_ID, OTHER]
    assert in_bash(shell, "job", "cancel", "dig") == ["digits"]
    assert server.asked[1].query["id_prefix"] == ["job_"]
    assert server.asked[2].query["state"] == ["blocked", "paused", "queued", "running"]


def test_zsh_sees_the_state_beside_each_job(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", JOBS, as_json({"items": [job()], "next_cursor": None}))

    offered = in_zsh(shell, "job logs ")

    assert f'"{JOB_ID}":"hello running"' in offered
    assert '"hello":"running command"' in offered


def test_names_of_other_things_are_offered_too(shell: Shell, server: ScriptedServer) -> None:
    worker = {
        "id": "wrk_1", "name": "w", "host": "h", "pool": "gpu", "state": "active", "slots": 4, "busy": 1,
        "cpus": 4.0, "memory_bytes": 1, "gpus": 0, "sandbox": "none", "runs_commands": True, "versions": {},
        "started_at": NOW, "last_seen_at": NOW,
    }  # fmt: skip
    token = {
        "id": "key_1", "name": "ci", "role": "viewer", "scopes": None, "created_at": NOW, "expires_at": None,
        "revoked_at": None, "last_used_at": None,
    }  # fmt: skip
    server.on("GET", "/api/v1/datasets", as_json({"items": [dataset(version(2))], "next_cursor": None}))
    server.on("GET", "/api/v1/workers", as_json({"items": [worker]}))
    server.on("GET", "/api/v1/tokens", as_json({"items": [token]}))

    assert '"faces":"faces@2"' in in_zsh(shell, "dataset get ")
    assert '"wrk_1":"w active"' in in_zsh(shell, "worker drain ")
    assert '"gpu"' in in_zsh(shell, "job run --pool ")
    assert '"key_1":"ci viewer"' in in_zsh(shell, "token revoke ")


def test_contexts_are_offered_from_their_file(offline: Shell) -> None:
    offline.run(
        "context", "add", "prod", "https://host.example", stdin="trs_key\n", XDG_CONFIG_HOME=str(offline.folder)
    )

    done = offline.run(
        _TRAINSHED_COMPLETE="complete_zsh",
        _TYPER_COMPLETE_ARGS="trainshed context use ",
        XDG_CONFIG_HOME=str(offline.folder),
    )

    assert '"prod":"https\\\\://host.example"' in done.stdout


def test_a_name_that_a_shell_would_run_is_not_passed_on(shell: Shell, server: ScriptedServer) -> None:
    def artifact(path: str) -> dict[str, object]:
        return {
            "path": path, "size": 1, "sha256": "0" * 64, "media_type": "x", "attempt": 1, "created_at": NOW,
        }  # fmt: skip

    paths = ("model.keras", "\\$(touch pwned)", "`id`", "a;b", "x\ny", "'")
    server.on("GET", f"{JOB_PATH}/artifacts", as_json({"items": [artifact(path) for path in paths]}))
    server.on("GET", JOBS, as_json({"items": [job(name="\\$(id)")], "next_cursor": None}))

    assert in_zsh(shell, f"job download {JOB_ID} ") == "_arguments '*: :((\"model.keras\"))'\n"
    assert "(id)" not in in_zsh(shell, "job get ")


@pytest.mark.parametrize(
    "answer", [problem(401, "unauthenticated"), problem(500, "internal"), Answer(200, b"<html>"), Answer(refused=True)]
)
def test_every_error_is_silence(shell: Shell, server: ScriptedServer, answer: Answer) -> None:
    server.on("GET", JOBS, answer)

    assert in_zsh(shell, "job get ") == "_files\n"


def test_no_server_is_waited_for(offline: Shell) -> None:
    began = time.monotonic()

    assert in_zsh(offline, f"--url http://127.0.0.1:{free_port()} job get ") == "_files\n"
    assert in_zsh(offline, "job get ") == "_files\n"
    assert time.monotonic() - began < DEADLINE_S / 3


@pytest.mark.parametrize(
    ("shell_name", "mark"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete --")]
)
def test_each_shell_gets_its_script(offline: Shell, shell_name: str, mark: str) -> None:
    assert mark in offline.run("--show-completion", shell_name).stdout


def test_completion_is_installed_for_the_shell_that_is_named(offline: Shell) -> None:
    done = offline.run("--install-completion", "bash", HOME=str(offline.folder))

    assert done.returncode == 0
    assert "trainshed" in (offline.folder / ".bashrc").read_text()


def test_the_kinds_that_are_offered_are_those_of_specs() -> None:
    assert set(KINDS) == set(SPEC_KINDS)
