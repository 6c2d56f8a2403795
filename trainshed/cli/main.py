"""The entry point of the `trainshed` command: its options, its completion, and what becomes of its errors."""

from __future__ import annotations

import os
import sys
from typing import Any, Final, NoReturn

import typer
from typer.completion import install_callback, show_callback
from typer.exceptions import TyperException
from typer.main import get_command

from trainshed.cli.catalogue import COMMANDS
from trainshed.cli.exits import Exit
from trainshed.cli.invocation import read_options
from trainshed.cli.lazy import LazyGroup
from trainshed.cli.misuse import report_misuse

_FOR_SHELLS: Final = {"--install-completion": install_callback, "--show-completion": show_callback}


class Root(LazyGroup):
    """The command itself."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # Typer guesses the shell; a script names it: source <(trainshed --show-completion bash)
        if len(args) == 2 and args[0] in _FOR_SHELLS and not ctx.resilient_parsing:
            _FOR_SHELLS[args[0]](ctx, self.params[0], args[1])  # and exits
        return super().parse_args(ctx, args)


def root() -> Root:
    """Build the command. Those below it are built when they are asked for."""
    app = typer.Typer(cls=Root, no_args_is_help=True, rich_markup_mode=None)
    app.callback()(read_options)
    group = get_command(app)
    assert isinstance(group, Root)
    group.entries = COMMANDS
    return group


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may have letters that this terminal has not
    try:
        code = root().main(prog_name="trainshed", standalone_mode=False)
    except TyperException as error:
        code = report_misuse(error)
    except typer.Abort:
        code = Exit.ERROR
    except SystemExit as error:
        code = error.code
    _leave(code if isinstance(code, int) else Exit.OK)


def _leave(code: int) -> NoReturn:
    """Leave at once: to take hundreds of modules apart first costs a short command a tenth of its time."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = Exit.BROKEN_PIPE
    os._exit(code)
