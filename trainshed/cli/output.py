"""Prints data: a table for a person, TSV for a pipe, JSON or YAML on demand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from trainshed.cli.cells import machine

Row = TypeVar("Row")

_YAML_BREAKS: Final = "\x85\u2028\u2029"


class Format(StrEnum):
    """The forms of `--output`."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Form:
    """What was said about the output. Without a format a person gets a table, and a pipe gets TSV."""

    format: Format | None = None
    headers: bool = True

    @property
    def is_document(self) -> bool:
        return self.format in (Format.JSON, Format.YAML)

    @property
    def is_a_table(self) -> bool:
        return self.format in (Format.TABLE, Format.WIDE) or (self.format is None and sys.stdout.isatty())

    @property
    def is_for_a_program(self) -> bool:
        return self.format is None and not sys.stdout.isatty()


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

    def machine(self, row: Row) -> str:
        return machine(self.value(row)).replace("\n", " ")


@dataclass(frozen=True)
class View(Generic[Row]):
    """How a kind of row is shown. `name` is what identifies it."""

    name: Callable[[Row], str]
    columns: tuple[Column[Row], ...]

    def chosen(self, form: Form) -> tuple[Column[Row], ...]:
        return tuple(column for column in self.columns if form.format is Format.WIDE or not column.wide)


def print_rows(rows: Sequence[Row], view: View[Row], form: Form, *, document: Any = None) -> None:
    """Print all rows. JSON and YAML show `document` instead, where it is given."""
    if form.is_document:
        print_document(rows if document is None else document, form)
    elif form.format is Format.NAME:
        _print_lines(view.name(row) for row in rows)
    elif form.is_for_a_program:
        _print_lines(_tsv(row, view) for row in rows)
    else:
        from trainshed.cli.tables import print_table  # noqa: PLC0415 - rich takes 0.05 s that a pipe need not pay

        print_table(rows, view.chosen(form), headers=form.headers)


def print_one(row: Row, view: View[Row], form: Form) -> None:
    """Print one row in full: a line for each column."""
    if form.is_document:
        print_document(row, form)
    elif form.format is Format.NAME:
        print(view.name(row))
    elif form.is_for_a_program:
        _print_lines(f"{column.header.lower()}\t{column.machine(row)}" for column in view.columns)
    else:
        from trainshed.cli.tables import print_fields  # noqa: PLC0415 - as above

        print_fields(row, view.columns)


def print_as_it_comes(rows: Iterable[Row], view: View[Row], form: Form) -> None:
    """Print each row as soon as it is there: JSON as one line each, YAML as one document each."""
    for row in rows:
        if form.format is Format.JSON:
            print(json.dumps(_plain(row), ensure_ascii=False), flush=True)
        elif form.format is Format.YAML:
            print("---\n" + _yaml(row), end="", flush=True)
        elif form.format is Format.NAME:
            print(view.name(row), flush=True)
        elif form.is_for_a_program:
            print(_tsv(row, view), flush=True)
        else:
            from trainshed.cli.tables import print_aligned  # noqa: PLC0415 - as above

            print_aligned(row, view.chosen(form))


def print_document(document: Any, form: Form) -> None:
    """Print pydantic models or plain values as JSON, or as YAML when that is the form."""
    if form.format is Format.YAML:
        print(_yaml(document), end="")
    else:
        print(json.dumps(_plain(document), indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _yaml(document: Any) -> str:
    from trainshed.yaml_text import write_yaml  # noqa: PLC0415 - takes 0.02 s that only YAML must pay

    plain = _plain(document)
    # The writer puts these out as they are, and its reader takes them for line breaks: a text that has one is escaped.
    readable = not any(mark in json.dumps(plain, ensure_ascii=False) for mark in _YAML_BREAKS)
    return write_yaml(plain, allow_unicode=readable, width=120)


def _tsv(row: Row, view: View[Row]) -> str:
    return "\t".join(column.machine(row) for column in view.columns)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
