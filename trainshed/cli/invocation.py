"""The options that every command has, before or after its name, and what they amount to."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand
from typer.main import get_command

from trainshed.cli import completion
from trainshed.cli.exits import Exit, exit_of_error
from trainshed.cli.messages import complain, note, report
from trainshed.cli.output import Form, Format
from trainshed.errors import NotConfigured, TrainshedError

if TYPE_CHECKING:
    from trainshed.client import Client

_SHORT_S: Final = 5.0
_LONG_S: Final = 300.0
"""A server that restarts for an upgrade ends no wait."""
_DISK_ADVICE: Final = "Check the path, who may read and write there, and the room on the disk."


@dataclass(frozen=True, slots=True)
class Invocation:
    """What was said about the server and the output."""

    url: str | None = None
    token_file: Path | None = None
    context: str | None = None
    output: Format | None = None
    headers: bool = True
    quiet: bool = False

    @property
    def form(self) -> Form:
        """The form of the output."""
        return Form(Format.NAME if self.quiet else self.output, headers=self.headers)

    def client(self) -> Client:
        """A client that gives up soon, for a person who waits for the answer."""
        return self._client(_SHORT_S)

    def patient_client(self) -> Client:
        """A client that outlasts a restart of the server, for waits and streams."""
        return self._client(_LONG_S)

    def hasty_client(self) -> Client:
        """A client that asks once, for what is asked again a second later."""
        return self._client(0.0)

    def note(self, text: str) -> None:
        """Say something on stderr, unless asked to be quiet."""
        if not self.quiet:
            note(text)

    def _client(self, budget_s: float) -> Client:
        from trainshed.client import Client, Patience  # noqa: PLC0415 - HTTP and its models take 0.15 s

        return Client(self.url, self.token(), context=self.context, patience=Patience(budget_s=budget_s))

    def token(self) -> str | None:
        """The key that --token-file names. Raises `NotConfigured` when it cannot be read."""
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
Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="A server that `trainshed context add` knows. Default: the one in use.",
        autocompletion=completion.contexts,
    ),
]
Output = Annotated[
    Format | None, typer.Option("--output", "-o", help="Form of the data. Default: a table, or TSV into a pipe.")
]
NoHeaders = Annotated[bool, typer.Option("--no-headers", help="Leave out the first line of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print identifiers alone and no notes.")]


def read_options(
    ctx: typer.Context,
    url: Url = None,
    token_file: TokenFile = None,
    context: Context = None,
    output: Output = None,
    no_headers: NoHeaders = False,
    quiet: Quiet = False,
) -> None:
    """Train models as jobs: submit, watch, fetch what they made."""
    ctx.obj = Invocation(url, token_file, context, output, headers=not no_headers, quiet=quiet)


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
        except OSError as error:
            complain(_of_the_disk(error), advice=_DISK_ADVICE)
            raise typer.Exit(Exit.ERROR) from error
        return result


def _said(given: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in given.items() if value}
    if "output" in said:
        said["output"] = Format(said["output"])
    if "token_file" in said:
        said["token_file"] = Path(said["token_file"])
    if said.pop("no_headers", False):
        said["headers"] = False
    return said


def _of_the_disk(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}" if error.filename else what


def _leave_the_pipe() -> None:
    """What is left in the buffer goes nowhere; without this the interpreter complains about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
