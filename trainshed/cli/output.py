"""Prints data: a table for a person, TSV for a pipe, JSON or YAML on demand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainshed.cli.cells import human, machine

Row = TypeVar("Row")
_UNBOUNDED = 10_000


class Format(StrEnum):
    """The forms of `--output`."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


@dataclass(frozen=True)  # slots: a frozen generic class with them cannot be made in Python 3.11
class Column(Generic[Row]):
    """One column. `shown` says what a person sees where that differs; wide columns stand last."""

    header: str
    value: Callable[[Row], Any]
    shown: Callable[[Row], Any] | None = None
    style: Callable[[Row], str] | None = None
    wide: bool = False
    width: int = 0
    """Least width; where lines are printed one by one, it aligns them."""

    def human(self, row: Row, now: datetime) -> Text:
        return Text(human((self.shown or self.value)(row), now=now), style=self.style(row) if self.style else "")

    def machine(self, row: Row) -> str:
        return machine(self.value(row)).replace("\n", " ")


@dataclass(frozen=True)
class View(Generic[Row]):
    """How a kind of row is shown. `name` is what identifies it."""

    name: Callable[[Row], str]
    columns: tuple[Column[Row], ...]

    def chosen(self, output: Format | None) -> tuple[Column[Row], ...]:
        return tuple(column for column in self.columns if output is Format.WIDE or not column.wide)


def print_rows(rows: Sequence[Row], view: View[Row], output: Format | None, *, document: Any = None) -> None:
    """Print all rows. JSON and YAML show `document` instead, where it is given."""
    match output:
        case Format.JSON | Format.YAML:
            print_document(rows if document is None else document, output)
        case Format.NAME:
            _print_lines(view.name(row) for row in rows)
        case None if not sys.stdout.isatty():
            _print_lines(_tsv(row, view) for row in rows)
        case _:
            _print_table(rows, view.chosen(output))


def print_one(row: Row, view: View[Row], output: Format | None) -> None:
    """Print one row in full: a line for each column."""
    match output:
        case Format.JSON | Format.YAML:
            print_document(row, output)
        case Format.NAME:
            print(view.name(row))
        case None if not sys.stdout.isatty():
            _print_lines(f"{column.header.lower()}\t{column.machine(row)}" for column in view.columns)
        case _:
            _print_fields(row, view)


def print_as_it_comes(rows: Iterable[Row], view: View[Row], output: Format | None) -> None:
    """Print each row as soon as it is there: JSON as one line each, YAML as one document each."""
    for row in rows:
        match output:
            case Format.JSON:
                print(json.dumps(_plain(row), ensure_ascii=False), flush=True)
            case Format.YAML:
                print("---\n" + _yaml(row), end="", flush=True)
            case Format.NAME:
                print(view.name(row), flush=True)
            case None if not sys.stdout.isatty():
                print(_tsv(row, view), flush=True)
            case _:
                _print_aligned(row, view.chosen(output))


def print_document(document: Any, output: Format) -> None:
    """Print pydantic models or plain values as JSON or YAML."""
    if output is Format.YAML:
        print(_yaml(document), end="")
    else:
        print(json.dumps(_plain(document), indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _yaml(document: Any) -> str:
    return yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True, width=120)


def _tsv(row: Row, view: View[Row]) -> str:
    return "\t".join(column.machine(row) for column in view.columns)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _print_table(rows: Sequence[Row], columns: tuple[Column[Row], ...]) -> None:
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.header, no_wrap=True, min_width=column.width or None)
    for row in rows:
        table.add_row(*(column.human(row, now) for column in columns))
    _console().print(table)


def _print_fields(row: Row, view: View[Row]) -> None:
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for column in view.columns:
        table.add_row(column.header.capitalize(), column.human(row, now))
    _console().print(table)


def _print_aligned(row: Row, columns: tuple[Column[Row], ...]) -> None:
    now = datetime.now(UTC)
    line = Text("  ").join(_padded(column.human(row, now), column.width) for column in columns)
    _console().print(line, soft_wrap=True)


def _padded(text: Text, width: int) -> Text:
    text.pad_right(max(0, width - text.cell_len))
    return text


def _console() -> Console:
    """A file has no edge at which a table would have to be cut."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
