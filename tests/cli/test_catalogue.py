"""The list of commands says the truth about the modules that it spares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Shell
from trainshed.cli.catalogue import COMMANDS
from trainshed.cli.lazy import Imported, Noun, Verb, load
from trainshed.cli.main import root

HEAVY = ("pydantic", "httpx2", "rich", "yaml", "trainshed.wire", "trainshed.client", "trainshed.specs")


def verbs() -> Iterator[tuple[str, Verb]]:
    for name, entry in COMMANDS.items():
        if isinstance(entry, Verb):
            yield name, entry
        elif isinstance(entry, Noun):
            yield from ((f"{name} {verb}", each) for verb, each in entry.verbs.items())


@pytest.mark.parametrize(("words", "verb"), [*verbs()], ids=[words for words, _ in verbs()])
def test_each_command_is_there_and_is_what_the_list_says(words: str, verb: Verb) -> None:
    function = load(verb.target)

    assert (inspect.getdoc(function) or "").splitlines()[0] == verb.help
    assert inspect.signature(function).parameters.keys() >= {"context"}


def test_a_group_that_builds_itself_is_what_the_list_says() -> None:
    group = root()

    for name, entry in COMMANDS.items():
        if isinstance(entry, Imported):
            assert group.get_command(None, name).help == entry.help
            assert group.get_command(None, name).commands


def test_each_command_can_be_built() -> None:
    group = root()

    for words, _ in verbs():
        found = group
        for word in words.split():
            found = found.get_command(None, word)
        assert found.params


def test_each_argument_and_option_says_what_it_is_for() -> None:
    group = root()

    for words, _ in verbs():
        found = group
        for word in words.split():
            found = found.get_command(None, word)
        assert [parameter.name for parameter in found.params if not parameter.help] == [], words


def test_help_loads_no_library_but_that_of_the_command_line(offline: Shell) -> None:
    (offline.folder / "look.py").write_text(
        "import sys\n"
        "from trainshed.cli.main import root\n"
        "root().main(['--help'], prog_name='trainshed', standalone_mode=False)\n"
        "print('LOADED', *sys.modules)\n"
    )

    loaded = offline.run_python("look.py").stdout.split("LOADED")[1].split()

    assert set(HEAVY).isdisjoint(loaded)
    assert "typer" in loaded


def test_the_help_of_the_whole_command_fits_a_screen(offline: Shell) -> None:
    shown = offline.run("--help").stdout

    assert len(shown.splitlines()) <= 48
    for name in COMMANDS:
        assert f"\n  {name} " in shown
