"""Looks for texts in all layers of an image, those that a later layer hides among them."""

from __future__ import annotations

import subprocess
import tarfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import IO, Final

_CHUNK_BYTES: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"


def found_in_layers(image: str, wanted: Collection[bytes]) -> set[bytes]:
    """Return those of the wanted texts that are in a layer or in the configuration of an image.

    A layer may be compressed with gzip, or not. Raises `RuntimeError` when the engine cannot write the image out.
    """
    found: set[bytes] = set()
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        with tarfile.open(fileobj=saving.stdout, mode="r|") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    found |= found_in(plain(file), wanted)
    if saving.returncode:
        raise RuntimeError(f"docker save {image} ended with {saving.returncode}")
    return found


def found_in(chunks: Iterable[bytes], wanted: Collection[bytes]) -> set[bytes]:
    """Return those of the wanted texts that are in a stream, also where one goes over from a chunk to the next."""
    found: set[bytes] = set()
    overlap = max(map(len, wanted)) - 1
    end = b""
    for chunk in chunks:
        window = end + chunk
        found |= {text for text in wanted if text in window}
        end = window[-overlap:]
    return found


def plain(file: IO[bytes]) -> Iterator[bytes]:
    """Return the bytes of a file in chunks, unpacked if they are packed with gzip."""
    chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
    first = next(chunks, b"")
    if not first.startswith(_GZIP):
        return chain([first], chunks)
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: with the header of gzip
    return (unpack.decompress(chunk) for chunk in chain([first], chunks))
