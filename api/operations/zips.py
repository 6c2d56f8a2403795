"""Many files of a job as one zip, made while it is sent: no copy of it anywhere, and never more than a chunk in memory.

The files stand in it as they are (they are mostly compressed already), in the order of their paths and with one date,
so that the same files give the same zip, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO, Final, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from storage import Store
from trainshed import wire

_CHUNK_BYTES: Final = 1 << 18
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_MODE: Final = 0o100644
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


def zip_files(store: Store, files: Sequence[wire.Artifact]) -> Iterator[bytes]:
    """Yield the zip in chunks. Raises `storage.StoreError`; what came before is then no whole zip."""
    outlet = _Outlet()
    with ZipFile(cast("IO[bytes]", outlet), "w", ZIP_STORED) as archive:
        for name, file in _named(sorted(files, key=lambda file: file.path)):
            with archive.open(_entry(name, file.size), "w") as entry:
                for chunk in store.open(file.sha256):
                    entry.write(chunk)
                    if outlet.size >= _CHUNK_BYTES:
                        yield outlet.take()
    yield outlet.take()


class _Outlet:
    """What a zip is written to. It cannot seek, so sizes and checksums follow each file."""

    def __init__(self) -> None:
        self.size = 0
        self._written: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._written.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        self.size = 0
        return taken


def _entry(name: str, size: int) -> ZipInfo:
    entry = ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.external_attr = _MODE << 16
    entry.file_size = size  # decides whether it takes the form for large files
    return entry


def _named(files: Sequence[wire.Artifact]) -> Iterator[tuple[str, wire.Artifact]]:
    """Give each file a name that leads nowhere else when it is unpacked, and to no other file."""
    taken: set[str] = set()
    for file in files:
        name = "/".join(_safe(part) for part in file.path.split("/"))
        while name in taken:
            name += "_"
        taken.add(name)
        yield name, file


def _safe(part: str) -> str:
    return "_" if part in ("", ".", "..") else _UNSAFE.sub("_", part)
