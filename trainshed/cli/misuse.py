"""What was typed wrong, in words, with what to type instead. Such a command exits 2."""

from __future__ import annotations

import difflib
import re
import sys
from typing import Any, Final

from typer.exceptions import TyperException

from trainshed.cli.exits import Exit
from trainshed.cli.messages import complain

_CLOSE: Final = 0.6
_CHOICE: Final = re.compile(r"'(?P<typed>[^']*)' is not one of (?P<choices>'.*')")


class Misused(TyperException):
    """A command was called in a way that cannot be meant; `advice` is what to type."""

    exit_code = Exit.USAGE

    def __init__(self, message: str, *, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


def report_misuse(error: TyperException) -> int:
    """Say what is wrong with the arguments, and return the exit code."""
    if _is(error, "NoArgsIsHelpError"):
        print(error.message, file=sys.stderr)
        return Exit.USAGE
    # The class of an unknown option adds its own guesses to the message; ours are below.
    message = error.message if _is(error, "NoSuchOption") else error.format_message()
    message = message.removeprefix("Invalid value: ").replace(": Value error, ", ": ")
    complain(message[:1].upper() + message[1:], advice=_advice(error))
    return error.exit_code


def _is(error: TyperException, name: str) -> bool:
    """Typer does not publish the classes of its usage errors."""
    return type(error).__name__ == name


def _advice(error: Any) -> str:
    if isinstance(error, Misused):
        return error.advice
    context = getattr(error, "ctx", None)
    if context is None:
        return "`trainshed --help` lists the commands."
    close = _options_close_to(error.option_name, context) if _is(error, "NoSuchOption") else _choices_close_to(error)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Type it like `{_usage(context)}`; `{context.command_path} --help` says more."


def _options_close_to(wanted: str, context: Any) -> list[str]:
    known = [name for each in context.command.get_params(context) for name in (*each.opts, *each.secondary_opts)]
    return difflib.get_close_matches(wanted, [name for name in known if name.startswith("-")], n=3, cutoff=_CLOSE)


def _choices_close_to(error: TyperException) -> list[str]:
    found = _CHOICE.search(error.message)
    return difflib.get_close_matches(found["typed"], found["choices"].strip("'").split("', '"), n=1) if found else []


def _usage(context: Any) -> str:
    pieces = context.command.collect_usage_pieces(context)
    return " ".join([context.command_path, *pieces])
