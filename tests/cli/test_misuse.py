"""What was typed wrong is said in words, with what to type instead."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("jbo", "`trainshed job`"),
        ("job lst", "`trainshed job list`"),
        ("submit", "`trainshed job submit`"),
        ("job list --stat failed", "--state"),
        ("job list --state faild", "failed"),
        ("job list --sort creatd", "created"),
        ("token create ci --role admn", "admin"),
    ],
)
def test_something_like_it_is_suggested(offline: Shell, typed: str, said: str) -> None:
    done = offline.run(*typed.split())

    assert (done.returncode, done.stdout) == (2, "")
    error, advice = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert advice.startswith("→ Did you mean ")
    assert said in advice


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("zzz", "trainshed --help"),
        ("job zzz", "trainshed job --help"),
        ("job get", "trainshed job get [OPTIONS] {JOB}"),
        ("job list --zzz", "trainshed job list --help"),
        ("job list --limit many", "trainshed job list --help"),
        ("job list --limit 0", "trainshed job list --help"),
        ("job list --label nonsense", "trainshed job list --help"),
        ("job submit", "trainshed job submit --help"),
        ("--zzz", "trainshed --help"),
    ],
)
def test_else_it_is_said_how_the_command_is_called(offline: Shell, typed: str, said: str) -> None:
    done = offline.run(*typed.split(), TRAINSHED_URL="http://127.0.0.1:1")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.splitlines()[-1].startswith("→ ")
    assert said in done.stderr


@pytest.mark.parametrize("typed", ["", "job"])
def test_a_command_alone_shows_its_help_and_exits_2(offline: Shell, typed: str) -> None:
    done = offline.run(*typed.split())

    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:" in done.stderr
