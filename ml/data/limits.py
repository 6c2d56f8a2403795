"""How much a file of data may ask for. Whoever exceeds one of these gets an error before any of it is allocated."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 4 * 2**30
"""All arrays of a dataset together, decoded; and all files of an archive together, inflated."""
MAX_FILES: Final = 200_000
"""Files in a folder or an archive."""
MAX_READ: Final = 32 * 2**20
"""Bytes that a library may ask for at once on behalf of an archive's own headers."""
MAX_PIXELS: Final = 4096 * 4096
"""Pixels of one picture."""
MAX_PICTURE_BYTES: Final = 64 * 2**20
"""Bytes of one picture file."""
MAX_CLASSES: Final = 10_000
MAX_INFLATION: Final = 1032
"""The best that deflate can do: a stream that promises more than that is lying."""
