"""Rows of a .csv file (RFC 4180), whichever of five marks is between its fields.

What stands in the first line most often, outside of quotes, is that mark.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Final

from ml.data.fields import as_number, is_missing
from ml.data.files import DataSource
from ml.data.records import Records
from ml.data.text_lines import REMEDY, opened_lines
from ml.errors import InvalidData

_MARKS: Final = ("\t", ",", ";", "|", "::")
"""Of several that stand there equally often, the first counts."""
_WITH_COMMA: Final = re.compile(r"\s*[+-]?\d*,\d+\s*")
_QUOTED: Final = re.compile(r'"[^"]*"')


@contextmanager
def csv_records(source: DataSource) -> Iterator[Records]:
    """Open the file. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    try:
        with opened_lines(source) as lines:
            yield _records(lines, source.name)
    except csv.Error as error:
        raise InvalidData(f"{source.name} cannot be read: {error}.", remedy=REMEDY, path=source.name) from error


def _records(lines: Iterator[str], path: str) -> Records:
    beginning = next(lines, "")
    mark = max(_MARKS, key=_QUOTED.sub("", beginning).count)
    rows = _fields(chain([beginning], lines), mark=mark)
    filled = (row for row in rows if row)
    first = next(filled, None)
    if first is None:
        raise InvalidData(f"{path} is empty.", remedy="Give at least one row of each class.", path=path)
    has_header = any(as_number(field) is None and not is_missing(field) for field in first)
    if has_header:
        return Records(tuple(first), filled, header=first)
    return Records(("",) * len(first), chain([first], filled), header=())


def _fields(lines: Iterator[str], *, mark: str) -> Iterator[Sequence[str]]:
    if mark == "::":  # as MovieLens has them
        return csv.reader((line.replace("::", "\t") for line in lines), delimiter="\t", quoting=csv.QUOTE_NONE)
    if mark == ";":  # which is there because commas are in numbers
        return ([_with_point(field) for field in row] for row in csv.reader(lines, delimiter=mark, strict=True))
    if mark != "\t":
        return csv.reader(lines, delimiter=mark, strict=True)
    # No field holds a tab, so most programs write quotes as they are; some put them around a field all the same.
    return ([_unquoted(field) for field in row] for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _with_point(field: str) -> str:
    return field.replace(",", ".") if _WITH_COMMA.fullmatch(field) else field


def _unquoted(field: str) -> str:
    is_quoted = len(field) > 1 and field[0] == field[-1] == '"'
    return field[1:-1].replace('""', '"') if is_quoted else field
