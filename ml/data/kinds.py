"""What a file is, by its first bytes. Its name says nothing: a file may be called anything."""

from __future__ import annotations

import gzip
import re
import zlib
from enum import StrEnum
from typing import IO, Final, cast

from ml.data.files import FORMATS, DataSource
from ml.errors import InvalidData

CIFAR_RECORD: Final = 3073
_LOOK: Final = 4096
_TAR_AT: Final = 257
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_PARQUET: Final = b"PAR1"
_JSON: Final = re.compile(rb"(\xef\xbb\xbf)?\s*(\{\s*[\"}]|\[\s*[\{\]])")
_GZIP: Final = b"\x1f\x8b"
_IDX_TYPES: Final = frozenset(b"\x08\x09\x0b\x0c\x0d\x0e")
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\f\v\x1b")
_PICTURES: Final = {
    b"\x89PNG\r\n\x1a\n": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
}
_KNOWN: Final = {
    b"\x89HDF": "an HDF5 file",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}


class Kind(StrEnum):
    """How the bytes are laid out."""

    FOLDER = "folder"
    ZIP = "zip"
    TAR = "tar"
    CIFAR_BINARY = "cifar10-binary"
    TEXT = "csv"
    JSON = "json"
    PARQUET = "parquet"


def kind_of(source: DataSource) -> Kind:
    """Return what a file is. Raises `InvalidData` that says what it looks like and what is accepted."""
    if source.file.is_dir():
        return Kind.FOLDER
    beginning, size = _beginning(source)
    if not size:
        raise _refusal(source, "is empty", "Give at least one example of each class.")
    if beginning.startswith(_ZIP):
        return Kind.ZIP
    if beginning.startswith(_PARQUET):
        return Kind.PARQUET
    inner = _inflated(beginning) if beginning.startswith(_GZIP) else beginning
    if inner[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return Kind.TAR
    if inner is beginning and (source.filename.lower().endswith(".bin") or _may_be_cifar(beginning, size)):
        return Kind.CIFAR_BINARY  # it has no mark of its own
    if inner and _is_text(inner):
        return Kind.JSON if _JSON.match(inner) else Kind.TEXT
    raise _refusal(source, f"looks like {_looks(inner)}", _remedy(inner))


def is_idx(beginning: bytes) -> bool:
    """Whether bytes begin like an idx file: two zeros, a type, and from 1 to 4 dimensions."""
    return len(beginning) >= 4 and beginning[:2] == b"\0\0" and beginning[2] in _IDX_TYPES and 1 <= beginning[3] <= 4


def is_pickle(beginning: bytes) -> bool:
    """Whether bytes begin like a pickle of protocol 2 or later."""
    return len(beginning) >= 3 and beginning[0] == 0x80 and 2 <= beginning[1] <= 5


def is_gzip(beginning: bytes) -> bool:
    """Whether bytes begin like gzip."""
    return beginning.startswith(_GZIP)


def is_picture(beginning: bytes) -> bool:
    """Whether bytes begin like a PNG, JPEG, GIF, BMP or WebP picture."""
    return beginning.startswith(tuple(_PICTURES)) or (beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP")


def inflating(stream: IO[bytes]) -> IO[bytes]:
    """Return a stream of what a gzipped one holds."""
    return cast("IO[bytes]", gzip.GzipFile(fileobj=stream))


def _beginning(source: DataSource) -> tuple[bytes, int]:
    """Return the first bytes, and the size."""
    try:
        with source.file.open("rb") as file:
            return file.read(_LOOK), source.file.stat().st_size
    except OSError as error:
        raise _refusal(source, f"cannot be read: {error.strerror}", "Let the worker's user read it.") from error


def _inflated(beginning: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(beginning, _LOOK)
    except zlib.error:
        return b""


def _may_be_cifar(beginning: bytes, size: int) -> bool:
    return size % CIFAR_RECORD == 0 and beginning[0] < 10 and not is_idx(beginning)


def _is_text(beginning: bytes) -> bool:
    strange = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in beginning)
    return strange * 10 <= len(beginning) and not _looks_known(beginning)


def _looks_known(beginning: bytes) -> bool:
    return is_pickle(beginning) or is_picture(beginning) or beginning.startswith((*_KNOWN, b"\x93NUMPY"))


def _looks(beginning: bytes) -> str:
    if is_pickle(beginning):
        return "a Python pickle, which is a program and is never loaded"
    if beginning.startswith(b"\x93NUMPY"):
        return "one bare .npy array"
    if is_idx(beginning):
        return "one idx file, which holds either images or labels"
    for known in (_PICTURES, _KNOWN):
        for magic, what in known.items():
            if beginning.startswith(magic):
                return what
    return "a WebP picture" if is_picture(beginning) else "nothing that is known here"


def _remedy(beginning: bytes) -> str:
    if is_idx(beginning):
        return "Put images and labels, of train and of test, into one folder, and upload that."
    if is_picture(beginning):
        return "Put pictures into a folder for each class, and upload the folder around these."
    return f"Accepted are {FORMATS}."


def _refusal(source: DataSource, problem: str, remedy: str) -> InvalidData:
    return InvalidData(f"{source.name} {problem}.", remedy=remedy, path=source.name)
