"""`trainshed job explain`: a person reads why, a program gets rules."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.client.documents import JOB_ID, JOB_PATH
from tests.client.scripted import ScriptedServer, as_json


def explanation(**changes: Any) -> dict[str, Any]:
    return {
        "job_id": JOB_ID,
        "state": "queued",
        "reason": "waiting_for_capacity",
        "summary": "No worker serves the pool cpu.",
        "clear": False,
        "rules": [
            {"name": "not_held", "holds": True, "message": "Nobody holds it."},
            {"name": "workers", "holds": False, "message": "No worker serves the pool cpu.", "remedy": "Start one."},
        ],
        **changes,
    }


FAILURE = {
    "reason": "user_error",
    "meaning": "The program ended with an error of its own.",
    "message": "Ended with exit code 1.",
    "attempt": 1,
    "evidence": ["ValueError: \x1b[31mbad"],
    "remedies": ["Read the log."],
}


def test_a_person_reads_the_rules_without_colours_where_they_are_switched_off(
    shell: Shell, server: ScriptedServer
) -> None:
    server.on("GET", f"{JOB_PATH}/explain", as_json(explanation()))
    with Terminal(shell, "job", "explain", JOB_ID, NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        assert "queued: No worker serves the pool cpu." in terminal.seen
        assert "not held" in terminal.seen
        assert "\x1b[3" not in terminal.seen


def test_a_program_gets_the_whole_explanation_as_json(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{JOB_PATH}/explain", as_json(explanation()))

    found = json.loads(shell.run("job", "explain", JOB_ID, "-o", "json").stdout)

    assert [rule["holds"] for rule in found["rules"]] == [True, False]


def test_a_failure_is_shown_with_its_evidence_that_no_terminal_obeys(shell: Shell, server: ScriptedServer) -> None:
    failed = explanation(state="failed", rules=[], failure=FAILURE)
    server.on("GET", f"{JOB_PATH}/explain", as_json(failed))

    said = shell.run("job", "explain", JOB_ID).stdout

    assert "ValueError: �[31mbad" in said
    assert "- Read the log." in said
    assert "\x1b" not in said
