"""The options that every command has, before or after its name, and what they amount to."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typer.main import get_command

from trainshed.cli.exits import Exit, exit_of_error
from trainshed.cli.messages import note, report
from trainshed.cli.output import Format
from trainshed.client import Client, Patience
from trainshed.errors import NotConfigured, TrainshedError

_SHORT: Final = Patience(budget_s=5.0)
_LONG: Final = Patience(budget_s=300.0)
"""A server that restarts for an upgrade ends no wait."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What was said about the server and the output."""

    url: str | None = None
    token_file: Path | None = None
    output: Format | None = None
    quiet: bool = False

    @property
    def format(self) -> Format | None:
        """The form of the output; None: a table for a person and TSV for a pipe."""
        return Format.NAME if self.quiet else self.output

    def client(self) -> Client:
        """A client that gives up soon, for a person who waits for the answer."""
        return Client(self.url, self._token(), patience=_SHORT)

    def patient_client(self) -> Client:
        """A client that outlasts a restart of the server, for waits and streams."""
        return Client(self.url, self._token(), patience=_LONG)

    def note(self, text: str) -> None:
        """Say something on stderr, unless asked to be quiet."""
        if not self.quiet:
            note(text)

    def _token(self) -> str | None:
        if self.token_file is None:
            return None
        try:
            return self.token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotConfigured(f"The key cannot be read: {error}", remedy="Correct --token-file.") from error


Url = Annotated[str | None, typer.Option("--url", help="Address of the server. Default: TRAINSHED_URL, or .trainshed/")]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="File with the API key. Default: TRAINSHED_TOKEN, or .trainshed/")
]
Output = Annotated[
    Format | None, typer.Option("--output", "-o", help="Form of the data. Default: a table, or TSV into a pipe.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print identifiers alone and no notes.")]


def read_options(
    context: typer.Context, url: Url = None, token_file: TokenFile = None, output: Output = None, quiet: Quiet = False
) -> None:
    """Train models as jobs: submit, watch, fetch what they made."""
    context.obj = Invocation(url, token_file, output, quiet)


def invocation(context: typer.Context) -> Invocation:
    """Return what the options before and after the command's name amount to."""
    found = context.obj
    assert isinstance(found, Invocation)
    return found


def _options_as_parameters() -> list[Any]:
    carrier = typer.Typer(add_completion=False)
    carrier.command()(read_options)
    return list(get_command(carrier).params)


_OPTIONS: Final = _options_as_parameters()


class Command(TyperCommand):
    """A command that also takes the options above after its name, and turns errors into words and an exit code."""

    def __init__(self, name: str | None, *, params: list[Any] | None = None, **more: Any) -> None:
        super().__init__(name, params=[*(params or []), *_OPTIONS], **more)

    def invoke(self, ctx: Any) -> Any:
        given = {option.name: ctx.params.pop(option.name) for option in _OPTIONS}
        ctx.obj = replace(ctx.obj, **_said(given))
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except TrainshedError as error:
            report(error)
            raise typer.Exit(exit_of_error(error)) from error
        except BrokenPipeError as error:
            _leave_the_pipe()
            raise typer.Exit(Exit.BROKEN_PIPE) from error
        return result


def _said(given: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in given.items() if value}
    if "output" in said:
        said["output"] = Format(said["output"])
    if "token_file" in said:
        said["token_file"] = Path(said["token_file"])
    return said


def _leave_the_pipe() -> None:
    """What is left in the buffer goes nowhere; without this the interpreter complains about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
