"""README's section for teams is what the run on an engine follows."""

from __future__ import annotations

from pathlib import Path

from tests.compose.readme import commands_of, team_section

SECTION = team_section((Path(__file__).parents[2] / "README.md").read_text())


def test_the_section_fits_on_a_screen() -> None:
    assert len(SECTION.splitlines()) <= 24


def test_it_goes_from_the_first_start_to_the_end() -> None:
    commands = commands_of(SECTION)
    assert commands[0] == "docker compose up --build -d --scale worker=4"
    assert commands[-1] == "docker compose down"


def test_it_says_how_to_get_the_first_key() -> None:
    assert [line for line in commands_of(SECTION) if "api.auth create-key" in line]
