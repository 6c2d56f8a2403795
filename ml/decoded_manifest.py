"""What lies in the folder of a decoded dataset. The supervisor imports this, and nothing else of `ml`.

manifest.json   this, written last
images.bin      pixels, C order, (n, height, width, channels), uint8 or little-endian float32
labels.bin      classes, (n,), little-endian int64
equal.bin       for each image the first row with the same pixels, (n,), little-endian int64
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Annotated, Final, Literal

from pydantic import Field

from trainshed.specs import Data, SpecModel

DECODER: Final = 1
"""Raised whenever the same bytes would be decoded to something else."""
MANIFEST: Final = "manifest.json"
IMAGES: Final = "images.bin"
LABELS: Final = "labels.bin"
EQUAL: Final = "equal.bin"
MAX_MANIFEST: Final = 16 << 20
MAX_TOTAL: Final = 6 << 30
"""Pixels of the largest dataset, with room for its labels."""
_ITEM: Final = {"uint8": 1, "float32": 4}
_DTYPE: Final = {"uint8": "|u1", "float32": "<f4"}
_INT64: Final = 8

_Row = Annotated[int, Field(ge=0, lt=2**40)]
_Side = Annotated[int, Field(ge=1, lt=2**24)]


class Manifest(SpecModel):
    """One decoded dataset."""

    format_version: Literal[1] = 1
    shape: tuple[Annotated[int, Field(ge=1, lt=2**40)], _Side, _Side, Annotated[int, Field(ge=1, le=4)]]
    dtype: Literal["uint8", "float32"]
    class_names: Annotated[tuple[Annotated[str, Field(max_length=4096)], ...], Field(min_length=2, max_length=10_000)]
    own_validation_from: _Row | None
    own_test_from: _Row | None
    format: Annotated[str, Field(max_length=63)]
    provenance: Annotated[str, Field(max_length=4096)] | None
    """As the data say themselves. None: they do not."""
    licence: Annotated[str, Field(max_length=4096)]
    synthetic: bool
    dropped: Annotated[dict[str, int], Field(max_length=20)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def sizes(self) -> dict[str, int]:
        """Return how many bytes each file has."""
        rows = self.shape[0] * _INT64
        return {IMAGES: math.prod(self.shape) * _ITEM[self.dtype], LABELS: rows, EQUAL: rows}

    def array_heads(self) -> dict[str, bytes]:
        """Return what goes into the digest before the bytes of each file that counts."""
        return {
            IMAGES: f"images {_DTYPE[self.dtype]} {self.shape}\n".encode(),
            LABELS: f"labels <i8 ({self.shape[0]},)\n".encode(),
        }


def digest_head(own_validation_from: int | None, own_test_from: int | None) -> bytes:
    """Return what goes into the digest of a dataset before its arrays."""
    validation = "" if own_validation_from is None else f"own_validation_from={own_validation_from}\n"
    return f"{validation}own_test_from={own_test_from}\n".encode()


def key_of(sha256: str, data: Data) -> str:
    """Return what a decoded dataset is kept under: what was uploaded, and all that decoding depends on."""
    said = {
        "content": sha256,
        "decoder": DECODER,
        "images": data.images.model_dump(mode="json") if data.images else None,
        "clean": data.clean.model_dump(mode="json"),
    }
    return f"decoded-{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()}"
