"""The commands of README's section for teams, run as they are written there."""

from __future__ import annotations

import re
from typing import Final

from tests.compose.report import Report
from tests.compose.stack import Stack, left_of_project

_SECTION: Final = "## Run it for a team\n"


def follow_readme(stack: Stack, report: Report) -> None:
    """Run one command after the other in one shell. The last one leaves no container."""
    section = team_section((stack.folder / "README.md").read_text())
    commands = commands_of(section)
    shown = stack.run("sh", "-ec", "\n".join(commands))
    report.figures["readme_commands"] = len(commands)
    report.check("active" in shown, f"README's commands list no worker: {shown[-500:]}")
    left = stack.compose("ps", "-aq")
    report.check(not left, f"README's last command left containers: {left}")


def tear_down(stack: Stack, report: Report) -> None:
    """Take down all that the project has, with its volumes, and see that nothing is left."""
    stack.compose("down", "--volumes", "--timeout", "15")
    left = left_of_project()
    report.figures["left_after_down"] = len(left)
    report.check(not left, f"left of the project: {left}")


def team_section(readme: str) -> str:
    """Return the section's lines. Raises `ValueError` when there is none."""
    _, found, after = readme.partition(_SECTION)
    if not found:
        raise ValueError(f"README has no section {_SECTION.strip()!r}")
    return after.partition("\n## ")[0]


def commands_of(section: str) -> list[str]:
    """Return the indented lines."""
    return re.findall(r"^ {4}(\S.*)$", section, re.MULTILINE)
