"""From `data:` of a spec to checked pairs of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ml.data.builtin import load_known
from ml.data.files import DataSource, find_file
from ml.data.opening import opened_tree
from ml.errors import InvalidData
from ml.job import DataFile
from ml.pairs import dates
from ml.pairs.checked import checked_pairs
from ml.pairs.csv_pairs import read_csv_pairs
from ml.pairs.messages import is_mo, is_po, read_mo, read_po
from ml.pairs.pair_set import PairSet
from ml.pairs.tmx import is_tmx, read_tmx
from ml.tables.load import refuse_other_kinds
from ml.tables.refusals import refuse_cleaning
from trainshed.specs import Columns, Data

BUILTIN_PAIRS: Final[dict[str, Callable[[], PairSet]]] = {dates.SOURCE: dates.load}
_MOST_BYTES: Final = 256 << 20
_LOOK: Final = 1 << 16
_ACCEPTED: Final = "a .csv file with a source and a target in each row, .mo, .po or .tmx files, or a folder of these"


def load_pairs(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> PairSet:
    """Read and check the pairs that `data` names: a path only if it lies below `roots`. Raises `InvalidData`."""
    refuse_cleaning(data.clean, data.path or data.dataset or "")
    source = find_file(data, roots=roots, files=files)
    columns = data.columns or Columns()
    if source is None:
        remedy = f"or upload {_ACCEPTED}; or give data.path."
        return load_known(data.dataset or "", BUILTIN_PAIRS, what="set of pairs", remedy=remedy)
    found = catalogued_pairs(source, columns)
    if found is not None:
        return found
    refuse_other_kinds(source)
    return read_csv_pairs(source, columns)


def catalogued_pairs(source: DataSource, columns: Columns) -> PairSet | None:
    """Return the pairs of catalogues or memories, one or a folder or archive of them; None for another file."""
    if source.file.is_file():
        with source.file.open("rb") as stream:
            beginning = stream.read(_LOOK)
        if _reader(beginning, columns) is not None:
            return _checked(source, _pairs_of(source, source.name, source.file.stat().st_size, _whole(source), columns))
    with opened_tree(source) as tree:
        if tree is None:
            return None
        chosen = [entry for entry in tree.files.values() if _reader(entry.beginning(_LOOK), columns) is not None]
        if not chosen:
            return None
        pairs = [
            pair
            for entry in chosen
            for pair in _pairs_of(source, tree.place(entry.name), entry.size, entry.beginning(_MOST_BYTES), columns)
        ]
    return _checked(source, iter(pairs))


def _whole(source: DataSource) -> bytes:
    with source.file.open("rb") as stream:
        return stream.read(_MOST_BYTES)


def _checked(source: DataSource, pairs: Iterator[tuple[str, str]]) -> PairSet:
    filled = ((given, wanted) for given, wanted in pairs if given.strip() and wanted.strip())
    return checked_pairs(source, filled, ("source", "target"), format_="catalogue")


Reader = Callable[[bytes], Iterator[tuple[str, str]]]


def _reader(beginning: bytes, columns: Columns) -> Reader | None:
    """Return what reads a file that begins so; of a memory, `data.columns` names the languages."""
    if is_mo(beginning):
        return read_mo
    if is_tmx(beginning):
        return lambda content: read_tmx(content, source=columns.source, target=columns.target)
    return read_po if is_po(beginning) else None


def _pairs_of(source: DataSource, place: str, size: int, content: bytes, columns: Columns) -> Iterator[tuple[str, str]]:
    reader = _reader(content[:_LOOK], columns)
    assert reader is not None
    if size > _MOST_BYTES:
        raise _refusal(source, place, f"has {size:,} bytes, and {_MOST_BYTES:,} is the limit")
    try:
        yield from reader(content)
    except ValueError as error:
        raise _refusal(source, place, f"cannot be read: {error}") from error


def _refusal(source: DataSource, place: str, problem: str) -> InvalidData:
    return InvalidData(f"{place} {problem}.", remedy=f"Make it again; accepted is {_ACCEPTED}.", path=source.name)
