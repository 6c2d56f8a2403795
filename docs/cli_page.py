"""The page of the command line: every command with what it takes, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any, Final

from standalone.__main__ import parser
from trainshed.cli.exits import Exit
from trainshed.cli.main import root

_PROGRAM: Final = "trainshed"
_WIDE: Final = 10_000
"""Columns: nothing is broken into lines."""
_MEANINGS: Final = {
    Exit.OK: "done; of a watched job: it succeeded",
    Exit.ERROR: "an error, which is told with what to do next",
    Exit.USAGE: "a wrong option, or a spec with errors",
    Exit.FAILED: "the job failed",
    Exit.NOT_FINISHED: "the job has not finished",
    Exit.NOT_FOUND: "there is no such job, dataset, worker or token",
    Exit.CANCELLED: "the job was cancelled",
    Exit.TIMED_OUT: "the wait was over before the job was",
    Exit.INTERRUPTED: "Ctrl-C; the job goes on",
    Exit.BROKEN_PIPE: "who read the output went away",
}
_AFTERWORD: Final = """Several jobs: a failure outweighs a cancel, a cancel outweighs a job that has not finished.

## Output

A terminal gets a table, a pipe gets lines of tab-separated values without a header. Data goes to stdout; progress,
notes and errors go to stderr. `NO_COLOR` switches colours off.

## Completion

`trainshed --install-completion bash` (or `zsh`, `fish`) makes Tab offer commands, options, and the names and
identifiers of what is there."""


def cli_page() -> str:
    """Return the page as Markdown."""
    group = root()
    context = _context(group, _PROGRAM)
    common = frozenset(parameter.name for parameter in group.params)
    return "\n".join(
        [
            "# The command line\n",
            f"{group.help}\n",
            "## Options of every command\n",
            "They may stand before or after the name of the command.\n",
            _table("option", _records(group.params, context)),
            "## Exit codes\n",
            _table("code", [(str(code.value), _MEANINGS[code]) for code in Exit]),
            f"{_AFTERWORD}\n",
            *_sections(group, context, common, depth=2),
        ]
    )


def _sections(group: Any, context: Any, common: frozenset[str], *, depth: int) -> Iterator[str]:
    """Yield what is said of each command below a group, and of those below it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        below = _context(command, name, context)
        yield f"{'#' * depth} {below.command_path}\n"
        yield f"{inspect.cleandoc(command.help)}\n"
        if hasattr(command, "list_commands"):
            yield from _sections(command, below, common, depth=depth + 1)
        else:
            yield from _form(command, below, common)


def _form(command: Any, context: Any, common: frozenset[str]) -> Iterator[str]:
    own = [parameter for parameter in command.params if parameter.name not in common]
    yield f"```text\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```\n"
    records = [*_records(own, context)]
    if context.command_path == f"{_PROGRAM} up":
        records = [*_records_of_up()]
    if records:
        yield _table("argument, option", records)


def _context(command: Any, name: str, parent: Any = None) -> Any:
    return command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=_WIDE)


def _records(parameters: Iterable[Any], context: Any) -> Iterator[tuple[str, str]]:
    yield from filter(None, (parameter.get_help_record(context) for parameter in parameters))


def _records_of_up() -> Iterator[tuple[str, str]]:
    """Yield the options that `trainshed up` hands on."""
    for action in parser()._actions:  # noqa: SLF001 - argparse has no other list of them
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        yield ", ".join(action.option_strings) + value, action.help or ""


def _table(first: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {first} | |", "|---|---|"]
    lines += [f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
