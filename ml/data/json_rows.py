"""Rows of JSON: an object a line (.jsonl), or one list of objects (.json). Each key is a column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

from ml.data.files import DataSource
from ml.data.records import MAX_COLUMNS, Records
from ml.data.text_lines import opened_lines
from ml.errors import InvalidData

_MAX_LIST: Final = 1 << 28
"""Letters of a list, which is read in one piece."""
_REMEDY: Final = 'Write one object a line, such as {"text": "a good film", "label": "good"}.'


@contextmanager
def json_records(source: DataSource) -> Iterator[Records]:
    """Open the file. Keys are collected first; whatever is wrong with a row becomes `InvalidData`."""
    with opened_lines(source) as lines:
        names = _names(_objects(lines, source.name), source.name)
    with opened_lines(source) as lines:
        yield Records(names, _rows(_objects(lines, source.name), names, source.name))


def _names(objects: Iterator[Mapping[str, Any]], path: str) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for row in objects:
        names.update(dict.fromkeys(row))
        if len(names) > MAX_COLUMNS:  # before a file of nothing but new keys has filled the memory
            break
    if not names:
        raise InvalidData(f"{path} has no rows.", remedy=_REMEDY, path=path)
    return tuple(names)


def _rows(objects: Iterator[Mapping[str, Any]], names: Sequence[str], path: str) -> Iterator[Sequence[str]]:
    for number, row in enumerate(objects):
        yield [_as_field(row.get(name), name, number, path) for name in names]


def _as_field(value: Any, name: str, row: int, path: str) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case _:
            raise InvalidData(
                f"{path}: {name} of row {row} is {'a list' if isinstance(value, list) else 'an object'}.",
                remedy="Give each of its values a key of its own.",
                path=path,
                row=row,
                field=name,
            )


def _objects(lines: Iterator[str], path: str) -> Iterator[Mapping[str, Any]]:
    filled = (line for line in lines if line.strip())
    first = next(filled, "")
    if first.lstrip().startswith("["):
        yield from _listed(chain([first], filled), path)
        return
    for number, line in enumerate(chain([first], filled)):
        yield _object(_parsed(line, f"{path}: row {number}", path), number, path)


def _listed(lines: Iterator[str], path: str) -> Iterator[Mapping[str, Any]]:
    pieces, letters = [], 0
    for line in lines:
        pieces.append(line)
        letters += len(line)
        if letters > _MAX_LIST:
            raise InvalidData(f"{path} is one list of more than {_MAX_LIST:,} letters.", remedy=_REMEDY, path=path)
    for number, row in enumerate(_parsed("".join(pieces), path, path)):
        yield _object(row, number, path)


def _parsed(text: str, what: str, path: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidData(f"{what} is no JSON: {error}.", remedy=_REMEDY, path=path) from error


def _object(row: Any, number: int, path: str) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise InvalidData(f"{path}: row {number} is no object.", remedy=_REMEDY, path=path, row=number)
    return row
