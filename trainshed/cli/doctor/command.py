"""`trainshed doctor`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from trainshed import config
from trainshed.cli.doctor import installation, machine, remote
from trainshed.cli.doctor.finding import Finding, Health, fail, warn
from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.output import Column, Format, View, print_document, print_rows
from trainshed.errors import NotConfigured

if TYPE_CHECKING:
    from trainshed.config import Server

_STYLES: Final = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}

FINDINGS: Final[View[Finding]] = View(
    lambda finding: finding.check,
    (
        Column("HEALTH", lambda finding: finding.health, style=lambda finding: _STYLES[finding.health]),
        Column("CHECK", lambda finding: finding.check),
        Column("DETAIL", lambda finding: finding.detail),
        Column("REMEDY", lambda finding: finding.remedy),
    ),
)


def doctor(context: typer.Context) -> None:
    """Look for what is wrong, here and on the server, and say how to mend it.

    Exits 0 when nothing fails, else 1.
    """
    invoked = invocation(context)
    findings: list[Finding] = []
    for finding in _look(invoked):
        findings.append(finding)
        if _is_for_a_person(invoked):
            _print(finding)
    if not _is_for_a_person(invoked):
        _print_all(findings, invoked)
    raise typer.Exit(int(any(finding.health is Health.FAIL for finding in findings)))


def _look(invoked: Invocation) -> Iterator[Finding]:
    yield installation.python()
    yield installation.client()
    parts = installation.server_parts()
    yield from parts.findings
    folder = machine.data_folder(os.environ, Path.cwd())
    if parts.are_here or folder.exists():
        yield machine.writable(folder)
        yield machine.room(folder)
    if parts.are_here:
        yield machine.port(os.environ)
        yield machine.sandbox()
    server = _server(invoked)
    if isinstance(server, Finding):
        yield server
    else:
        yield from remote.look(server)


def _server(invoked: Invocation) -> Server | Finding:
    try:
        return config.find_server(
            invoked.url, invoked.token(), context=invoked.context, environ=os.environ, cwd=Path.cwd()
        )
    except NotConfigured as error:
        make = warn if error.advice == NotConfigured.remedy else fail  # none yet, or one that is written down wrong
        return make("server", error.detail, error.advice)


def _is_for_a_person(invoked: Invocation) -> bool:
    return invoked.form.format in (None, Format.TABLE, Format.WIDE) and not invoked.form.is_for_a_program


def _print(finding: Finding) -> None:
    from rich.console import Console  # noqa: PLC0415 - rich takes 0.05 s that a pipe need not pay
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    mark = Text(f"{finding.health:<5}", style=_STYLES[finding.health])
    console.print(Text.assemble(mark, f" {finding.check:<10} ", finding.detail))
    if finding.remedy:
        console.print(Text(f"{'':17}→ {finding.remedy}", style="cyan"))


def _print_all(findings: list[Finding], invoked: Invocation) -> None:
    if invoked.form.is_document:
        print_document(
            [
                {"check": each.check, "health": each.health.value, "detail": each.detail, "remedy": each.remedy}
                for each in findings
            ],
            invoked.form,
        )
    else:
        print_rows(findings, FINDINGS, invoked.form)
