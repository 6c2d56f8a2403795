"""What a person sees on a terminal: tables, fields, aligned lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, TypeVar

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from trainshed.cli.cells import human
from trainshed.cli.output import Column

Row = TypeVar("Row")
_UNBOUNDED: Final = 10_000


def print_table(rows: Sequence[Row], columns: tuple[Column[Row], ...], *, headers: bool) -> None:
    """Print a line for each row."""
    _console().print(_table(rows, columns, headers=headers))


@contextmanager
def live_table(columns: tuple[Column[Row], ...], *, headers: bool) -> Iterator[Callable[[Sequence[Row]], None]]:
    """Give a function that shows rows in place of those shown before. The last ones stay when the block ends."""
    with Live(console=_console(), auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda rows: live.update(_table(rows, columns, headers=headers), refresh=True)


def _table(rows: Sequence[Row], columns: tuple[Column[Row], ...], *, headers: bool) -> Table:
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=headers)
    for column in columns:
        table.add_column(column.header, no_wrap=True, min_width=column.width or None)
    for row in rows:
        table.add_row(*(_cell(column, row, now) for column in columns))
    return table


def print_fields(row: Row, columns: tuple[Column[Row], ...]) -> None:
    """Print a line for each column."""
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for column in columns:
        table.add_row(column.header.replace("_", " ").capitalize(), _cell(column, row, now))
    _console().print(table)


def print_aligned(row: Row, columns: tuple[Column[Row], ...]) -> None:
    """Print one line that stands below others like it, whatever is in them."""
    now = datetime.now(UTC)
    line = Text("  ").join(_padded(_cell(column, row, now), column.width) for column in columns)
    _console().print(line, soft_wrap=True)


def _cell(column: Column[Row], row: Row, now: datetime) -> Text:
    value = (column.shown or column.value)(row)
    return Text(human(value, now=now), style=column.style(row) if column.style else "")


def _padded(text: Text, width: int) -> Text:
    text.pad_right(max(0, width - text.cell_len))
    return text


def _console() -> Console:
    """A file has no edge at which a table would have to be cut."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
