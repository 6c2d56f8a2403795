"""What an .npz archive says it holds, read without allocating any of it.

A header of 100 bytes can claim a petabyte. `read_headers` refuses one that says other than is stored.
"""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np

from ml.errors import InvalidData

MAX_ENTRIES: Final = 64
_HEADER_READERS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True, slots=True)
class Header:
    """Name, shape and dtype of one array."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def refuse_objects(self, path: str) -> None:
        """Raise `InvalidData` if the array would have to be unpickled: a pickle runs code."""
        if self.dtype.hasobject:
            raise InvalidData(
                f"{path}: the array {self.name} holds pickled Python objects, which are never loaded.",
                remedy="Store plain numbers: all images need one shape, for numpy.stack(images).",
                path=path,
                field=self.name,
            )


def read_headers(archive: zipfile.ZipFile, path: str) -> dict[str, Header]:
    """Return the headers of all arrays by name. Raises `InvalidData` where a header and its entry disagree."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_ENTRIES or len(set(names)) < len(names):
        raise InvalidData(
            f"{path} has {len(entries)} entries, {len(set(names))} of them with different names.",
            remedy=f"At most {MAX_ENTRIES} arrays, each once.",
            path=path,
        )
    return {
        entry.filename.removesuffix(".npy"): _read_header(archive, entry, path)
        for entry in entries
        if entry.filename.endswith(".npy")
    }


def _read_header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: str) -> Header:
    name = entry.filename.removesuffix(".npy")
    with archive.open(entry) as stream:
        shape, dtype = _parse(stream, name, path)
        header = Header(name, shape, dtype)
        stored = entry.file_size - stream.tell()
    if not dtype.hasobject and header.bytes != stored:
        raise InvalidData(
            f"{path}: the array {name} says it holds {dtype} of {shape}, {header.bytes:,} bytes, and has {stored:,}.",
            remedy="The file is damaged; write it again with numpy.savez.",
            path=path,
            field=name,
        )
    return header


def _parse(stream: IO[bytes], name: str, path: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        # Version (1, 0), or (2, 0) for long headers. (3, 0) is for structured arrays alone: no pixels, no labels.
        read = _HEADER_READERS[np.lib.format.read_magic(stream)]
        shape, _, dtype = read(stream)
    except (KeyError, ValueError, SyntaxError, TypeError) as error:
        raise InvalidData(
            f"{path}: the array {name} has no valid header: {error}.",
            remedy="Write the file again with numpy.savez.",
            path=path,
            field=name,
        ) from error
    return shape, dtype
