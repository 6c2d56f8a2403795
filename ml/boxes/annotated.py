"""What every format of boxes says: pictures, and for each what is where on it. `assemble` makes a `BoxSet` of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ml.data.parts import PARTS, PartName
from ml.data.tree import Entry, Tree, shown
from ml.errors import InvalidData

Unit: TypeAlias = Literal["pixels", "fractions"]
"""What edges are measured in; fractions are of width and height of the picture."""
PICTURE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")


@dataclass(frozen=True, slots=True)
class RawBox:
    """A box as a file has it, not checked yet."""

    class_name: str
    edges: tuple[float, float, float, float]
    """Left, top, right, bottom."""
    place: str
    """Where it stands, for errors, for example `annotation 7` or `line 3`."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture file with its boxes."""

    entry: Entry
    boxes: tuple[RawBox, ...]
    part: PartName
    said_in: str
    """The file that says so, for errors."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """All of a tree."""

    format: str
    unit: Unit
    pictures: tuple[Annotated, ...]
    class_names: tuple[str, ...]


def is_picture_name(name: str) -> bool:
    """Whether a file is a picture by its ending."""
    return name.lower().endswith(PICTURE_ENDINGS)


def part_of(name: str) -> PartName | None:
    """Return the part that a path names, by a folder or the file: `images/val/1.jpg`, `instances_val2017.json`.

    None where it names none. The last one counts.
    """
    found: PartName | None = None
    for piece in name.lower().split("/"):
        words = "".join(letter if letter.isalpha() else " " for letter in piece).split()
        found = next((PARTS[word] for word in words if word in PARTS), found)
    return found


def divided(parts: Sequence[PartName | None]) -> list[PartName]:
    """Return a part for each: all are still to be divided where not every one names one, or none is for training."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or "train" not in known:
        return ["train"] * len(parts)
    return known


def refusal(tree: Tree, name: str, problem: str, remedy: str, *, row: int | None = None) -> InvalidData:
    """Return the error for one file of a tree."""
    return InvalidData(f"{tree.place(name)} {problem}.", remedy=remedy, path=tree.source, field=shown(name), row=row)
