"""Names that data give to their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

PartName = Literal["train", "validation", "test"]
ORDER: Final[tuple[PartName, ...]] = ("train", "validation", "test")
PARTS: Final[Mapping[str, PartName]] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What each is called."""
SPLIT: Final = "split"
"""The column of a table that says in which part a row is."""
