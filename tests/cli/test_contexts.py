"""`trainshed context`, and which server commands talk to."""

from __future__ import annotations

import json
import stat

import pytest

from tests.cli.conftest import Shell
from tests.cli.terminal import Terminal
from tests.client.scripted import ScriptedServer, as_json

SENDER = {"project": "default", "key_id": "key_1", "role": "admin", "scopes": None}


@pytest.fixture
def home(offline: Shell) -> Shell:
    """A user with a home of its own."""
    return Shell(offline.folder, offline.environ | {"HOME": str(offline.folder)})


def test_a_context_that_is_saved_is_talked_to(home: Shell, server: ScriptedServer) -> None:
    server.on("GET", "/api/v1/whoami", as_json(SENDER))

    added = home.run("context", "add", "prod", server.url, stdin="trs_prod\n")
    asked = home.run("whoami")

    assert (added.returncode, added.stdout, asked.returncode) == (0, "", 0)
    assert server.asked[0].headers["authorization"] == "Bearer trs_prod"
    [file] = home.folder.rglob("contexts.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_one_is_chosen_for_a_command_or_for_good(home: Shell, server: ScriptedServer) -> None:
    server.on("GET", "/api/v1/whoami", as_json(SENDER))
    home.run("context", "add", "other", "http://127.0.0.1:1", TRAINSHED_TOKEN="trs_other")
    added = home.run("context", "add", "prod", server.url, TRAINSHED_TOKEN="trs_prod")

    assert "trainshed context use prod" in added.stderr
    assert home.run("whoami").returncode == 1
    assert home.run("whoami", "--context", "prod").returncode == 0
    assert home.run("whoami", TRAINSHED_CONTEXT="prod").returncode == 0
    assert home.run("context", "use", "prod").returncode == 0
    assert home.run("whoami").returncode == 0


def test_no_key_is_ever_printed(home: Shell) -> None:
    home.run("context", "add", "prod", "https://host.example", stdin="trs_secret\n")

    listed = home.run("context", "list")
    document = home.run("context", "list", "-o", "json")
    shown = home.run("context", "show")

    assert listed.stdout == "*\tprod\thttps://host.example\tyes\n"
    assert json.loads(document.stdout) == [
        {"name": "prod", "url": "https://host.example", "current": True, "key": True}
    ]
    assert shown.stdout == "url\thttps://host.example\nfrom\tcontext prod\nkey\tyes\n"


def test_a_key_that_is_typed_is_not_shown(home: Shell) -> None:
    with Terminal(home, "context", "add", "prod", "https://host.example") as terminal:
        terminal.wait_for("Key of the API")
        terminal.type("trs_secret\n")
        code = terminal.end()

    assert code == 0
    assert "trs_secret" not in terminal.seen
    assert home.run("context", "list", "-q").stdout == "prod\n"


def test_a_context_is_forgotten_after_a_yes(home: Shell) -> None:
    home.run("context", "add", "prod", "https://host.example", stdin="trs_key\n")

    assert home.run("context", "remove", "prod").returncode == 2
    assert home.run("context", "remove", "prod", "--yes").returncode == 0
    assert home.run("context", "list").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "environ", "origin"),
    [
        (("--url", "http://a:1"), {"TRAINSHED_URL": "http://b:2"}, "--url"),
        ((), {"TRAINSHED_URL": "http://b:2", "TRAINSHED_CONTEXT": "prod"}, "TRAINSHED_URL"),
        ((), {"TRAINSHED_CONTEXT": "prod"}, "context prod"),
    ],
)
def test_it_is_said_where_the_address_comes_from(
    home: Shell, arguments: tuple[str, ...], environ: dict[str, str], origin: str
) -> None:
    home.run("context", "add", "prod", "https://host.example", stdin="\n")

    assert f"from\t{origin}\n" in home.run("context", "show", *arguments, **environ).stdout


@pytest.mark.parametrize("arguments", [("use", "absent"), ("remove", "absent", "--yes"), ("add", "a b", "http://host")])
def test_what_is_no_context_is_said(home: Shell, arguments: tuple[str, ...]) -> None:
    done = home.run("context", *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.splitlines()[-1].startswith("→ ")


def test_an_address_is_wanted(home: Shell) -> None:
    assert home.run("context", "add", "prod").returncode == 2
