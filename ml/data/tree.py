"""Files with names: a folder, or an archive that looks like one. What reads several files reads them through this."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final

from ml.data.limits import MAX_BYTES, MAX_FILES
from ml.errors import InvalidData

_JUNK: Final = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git"})
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One file. `size` is what it holds at most; `start` opens it anew."""

    name: str
    """With slashes, relative to the tree."""
    size: int
    start: Callable[[], IO[bytes]]

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Open the file for reading."""
        with self.start() as stream:
            yield stream

    def beginning(self, count: int) -> bytes:
        """Return the first `count` bytes, or what there is."""
        with self.opened() as stream:
            return stream.read(count)

    @property
    def basename(self) -> str:
        return PurePosixPath(self.name).name


@dataclass(frozen=True, slots=True)
class Tree:
    """All files of a folder or an archive by name, in the order of their names."""

    source: str
    """What errors call it."""
    files: Mapping[str, Entry]

    def place(self, name: str) -> str:
        """Return what errors call one of its files."""
        return f"{self.source}/{shown(name)}"

    def listed(self) -> str:
        """Return the first few names, for an error."""
        first = ", ".join(shown(name) for name in list(self.files)[:_SHOWN])
        more = len(self.files) - _SHOWN
        return f"{first} and {more} more" if more > 0 else first or "nothing"


class Gatherer:
    """Takes in the files of a tree one by one, and refuses what no dataset needs."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._files: dict[str, Entry] = {}
        self._total = 0

    def add(self, name: str, size: int, start: Callable[[], IO[bytes]]) -> None:
        """Take one regular file. Raises `InvalidData`."""
        path = self.checked_name(name)
        if path is None:
            return
        self.count(name, size)
        if path in self._files:
            raise self.refusal(name, "is in it twice", "Give each file its own name.")
        self._files[path] = Entry(path, size, start)

    def count(self, name: str, size: int) -> None:
        """Keep the sums. Raises `InvalidData` for too many files, or too many bytes."""
        self._total += size
        if size < 0 or self._total > MAX_BYTES:
            raise self.refusal(
                name,
                f"brings it to {self._total:,} bytes, and {MAX_BYTES:,} is the limit",
                "Use fewer or smaller files.",
            )
        if len(self._files) >= MAX_FILES:
            raise self.refusal(
                name, f"is one file more than the {MAX_FILES:,} that are allowed", "Use fewer files, or an .npz."
            )

    def checked_name(self, name: str) -> str | None:
        """Return a name without `.` parts; None for what operating systems leave lying about. Raises `InvalidData`."""
        if name in {".", "./"}:
            return None  # as `tar czf set.tar.gz .` calls the folder itself
        parts = [part for part in name.split("/") if part not in {"", "."}]
        if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name or not parts or ":" in parts[0]:
            raise self.refusal(
                name, "leads out of it", "Names are relative, with slashes, and without `..`; pack the folder again."
            )
        if any(part in _JUNK or part.startswith("._") for part in parts):
            return None
        return "/".join(parts)

    def refusal(self, name: str, problem: str, remedy: str) -> InvalidData:
        """Return the error for one of its files."""
        return InvalidData(
            f"{self._source}: {shown(name)} {problem}.", remedy=remedy, path=self._source, field=shown(name)
        )

    def tree(self) -> Tree:
        """Return what was gathered, without the folders that hold all of it."""
        names = sorted(self._files)
        depth = _common_depth(names)
        files = {"/".join(name.split("/")[depth:]): self._files[name] for name in names}
        return Tree(self._source, {name: Entry(name, entry.size, entry.start) for name, entry in files.items()})


def shown(name: str) -> str:
    """Return the name of a file as it may be shown and stored."""
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return printable if len(printable) <= 200 else f"{printable[:199]}…"


def _common_depth(names: list[str]) -> int:
    """Return how many folders hold everything. One that holds plain files and folders side by side is not passed."""
    if not names:
        return 0
    paths = [name.split("/") for name in names]
    depth = 0
    while all(len(path) > depth + 1 for path in paths) and len({path[depth] for path in paths}) == 1:
        depth += 1
    return depth
