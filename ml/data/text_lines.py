"""Lines of a text in UTF-8, as it is or compressed by gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from ml.data.files import DataSource
from ml.data.kinds import is_gzip
from ml.data.limits import MAX_BYTES
from ml.errors import InvalidData

REMEDY: Final = "Write it again as UTF-8, one row a line."
_MAX_LINE: Final = 1 << 22


@contextmanager
def opened_lines(source: DataSource) -> Iterator[Iterator[str]]:
    """Open a text. Whatever is wrong with it until the end of the block becomes `InvalidData`."""
    name = source.name
    try:
        with _opened(source) as file:
            yield _lines(file, name)
    except UnicodeDecodeError as error:
        raise InvalidData(f"{name} is not UTF-8: {error.reason}.", remedy=REMEDY, path=name) from error
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidData(f"{name} cannot be read: {error}.", remedy=REMEDY, path=name) from error


def _opened(source: DataSource) -> TextIO:
    with source.file.open("rb") as file:
        compressed = is_gzip(file.read(2))
    if compressed:
        return gzip.open(source.file, "rt", encoding="utf-8-sig", newline="")
    return source.file.open(encoding="utf-8-sig", newline="")


def _lines(file: TextIO, name: str) -> Iterator[str]:
    letters = 0
    while line := file.readline(_MAX_LINE):
        letters += len(line)
        if len(line) == _MAX_LINE:
            raise InvalidData(f"{name} has a line of more than {_MAX_LINE:,} letters.", remedy=REMEDY, path=name)
        if letters > MAX_BYTES:
            raise InvalidData(f"{name} holds more than {MAX_BYTES:,} letters.", remedy="Use fewer rows.", path=name)
        if "\0" in line:
            raise InvalidData(f"{name} is no text: it holds a NUL.", remedy=REMEDY, path=name)
        yield line
