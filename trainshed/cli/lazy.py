"""Groups whose commands are loaded when they are asked for: `trainshed --help` and Tab import none of them."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from trainshed.cli.invocation import Command
from trainshed.cli.misuse import Misused

_CLOSE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: the function `module:name` below `trainshed.cli`, and the first sentence of its help."""

    target: str
    help: str
    passes_on: bool = False
    """Whether it takes any arguments, to hand them to another program."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A group of commands."""

    help: str
    verbs: Mapping[str, Verb] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """A group that a module builds itself: the `typer.Typer` at `module:name`."""

    target: str
    help: str


Entry = Verb | Noun | Imported


class LazyGroup(TyperGroup):
    """Knows the names of its commands, and what each is for, without having imported them."""

    entries: Mapping[str, Entry] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        return [*self.entries]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands and cmd_name in self.entries:
            self.commands[cmd_name] = _build(cmd_name, self.entries[cmd_name])
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        from typer._click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell asks

        commands = [
            CompletionItem(name, help=entry.help) for name, entry in self.entries.items() if name.startswith(incomplete)
        ]
        # The group's own way would import each command for its help.
        return commands + super(TyperGroup, self).shell_complete(ctx, incomplete)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, *rest = args
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            raise self._unknown(ctx.command_path, name)
        return (None if command is None else name), command, rest

    def _unknown(self, path: str, name: str) -> Misused:
        meant = [f"`{path} {words}`" for words in self._close_to(name)]
        advice = f"Did you mean {' or '.join(meant)}?" if meant else f"`{path} --help` lists the commands."
        return Misused(f"There is no command {name!r}.", advice=advice)

    def _close_to(self, name: str) -> list[str]:
        """Own commands that are spelled alike; failing these, commands one level down: `list` may be `job list`."""
        close = difflib.get_close_matches(name, self.entries, cutoff=_CLOSE)
        return close or [words for words in self._below() if words.split()[1] == name][:3]

    def _below(self) -> Iterator[str]:
        for noun, entry in self.entries.items():
            if isinstance(entry, Noun):
                yield from (f"{noun} {verb}" for verb in entry.verbs)


def load(target: str) -> Any:
    """Return what `module:name` below `trainshed.cli` names."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(f"trainshed.cli.{module}"), name)


def _build(name: str, entry: Entry) -> Any:
    match entry:
        case Noun():
            group = LazyGroup(name=name, help=entry.help, no_args_is_help=True, rich_markup_mode=None)
            group.entries = entry.verbs
            return group
        case Imported():
            return get_command(load(entry.target))
        case Verb():
            settings = {"allow_extra_args": True, "ignore_unknown_options": True} if entry.passes_on else {}
            carrier = typer.Typer(add_completion=False, rich_markup_mode=None)
            carrier.command(name, cls=Command, context_settings=settings)(load(entry.target))
            return get_command(carrier)
