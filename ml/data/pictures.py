"""A folder for each class, with its pictures; folders `train`, `test` and `validation` around them where there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ml.data.assembly import Part
from ml.data.kinds import is_picture
from ml.data.limits import MAX_BYTES, MAX_CLASSES, MAX_PICTURE_BYTES
from ml.data.parts import PARTS, PartName
from ml.data.picture import BadPictureError, Mode, decode
from ml.data.tree import Entry, Tree, shown
from ml.errors import InvalidData
from trainshed.specs import Clean, Pictures

_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
_BESIDE: Final = (".txt", ".md", ".json", ".html", ".csv")
"""Files that may lie beside the folders of the classes and are not looked at."""
_REMEDY: Final = "Put each picture into the folder of its class: cat/1.png, dog/2.png; maybe below train/ and test/."


_Kind: TypeAlias = tuple[tuple[int, ...], Mode]
"""Shape and colours."""


@dataclass(frozen=True, slots=True)
class _Example:
    entry: Entry
    part: PartName
    class_name: str


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    example: _Example
    pixels: npt.NDArray[np.uint8]
    mode: Mode

    @property
    def kind(self) -> _Kind:
        return self.pixels.shape, self.mode


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    """What was read."""

    parts: Mapping[PartName, Part]
    names: tuple[str, ...]
    dropped: Mapping[str, int]


def has_pictures(tree: Tree) -> bool:
    """Whether a file of the tree is a picture, by its name or its first bytes."""
    return any(_is_picture(entry) for entry in tree.files.values())


def picture_files(tree: Tree) -> list[str]:
    """Return the names of all files that are pictures by their names or their first bytes, in order."""
    return sorted(entry.name for entry in tree.files.values() if _is_picture(entry))


def _is_picture(entry: Entry) -> bool:
    name = entry.name.lower()
    return not name.endswith(_BESIDE) and (name.endswith(_ENDINGS) or is_picture(entry.beginning(12)))


def content_of(entry: Entry) -> bytes:
    """Return the bytes of a picture. Raises `BadPictureError` for too many."""
    if entry.size > MAX_PICTURE_BYTES:
        raise BadPictureError(f"it has {entry.size:,} bytes, and {MAX_PICTURE_BYTES:,} is the limit")
    return entry.beginning(MAX_PICTURE_BYTES)


def read_pictures(tree: Tree, asked: Pictures | None, clean: Clean) -> PictureSet:
    """Decode all pictures. Raises `InvalidData` that names the file and what to do."""
    examples = _examples(tree)
    names = _names(examples, tree)
    dropped: Counter[str] = Counter()
    known = list(_of_known_class(examples, names, tree, clean, dropped))
    decoded = _alike(list(_decoded(known, tree, asked, clean, dropped)), tree, asked, clean, dropped)
    parts = {part: _part(part, decoded, names) for part in dict.fromkeys(each.example.part for each in decoded)}
    if "train" not in parts:
        raise InvalidData(f"{tree.source} has no picture to train on.", remedy=_REMEDY, path=tree.source)
    return PictureSet(parts, names, dropped)


def _examples(tree: Tree) -> list[_Example]:
    entries = [entry for entry in tree.files.values() if "/" in entry.name or not entry.name.lower().endswith(_BESIDE)]
    tops = {entry.name.split("/")[0].lower() for entry in entries}
    is_divided = "train" in {PARTS.get(top) for top in tops} and all(top in PARTS for top in tops)
    depth = 3 if is_divided else 2
    found = []
    for entry in entries:
        parts = entry.name.split("/")
        if len(parts) != depth:
            where = "lies in no folder of a class" if len(parts) < depth else "lies deeper than the folder of a class"
            raise _refusal(tree, entry, where, _REMEDY)
        part: PartName = PARTS[parts[0].lower()] if is_divided else "train"
        found.append(_Example(entry, part, parts[-2]))
    return found


def _names(examples: Sequence[_Example], tree: Tree) -> tuple[str, ...]:
    """Return the classes that the training part has."""
    trained = sorted({example.class_name for example in examples if example.part == "train"})
    if len(trained) > MAX_CLASSES:
        raise InvalidData(
            f"{tree.source} has {len(trained):,} classes, and {MAX_CLASSES:,} is the limit.",
            remedy=_REMEDY,
            path=tree.source,
        )
    return tuple(trained)


def _of_known_class(
    examples: Sequence[_Example], names: tuple[str, ...], tree: Tree, clean: Clean, dropped: Counter[str]
) -> Iterator[_Example]:
    known = frozenset(names)
    for example in examples:
        if example.class_name in known:
            yield example
        elif clean.unknown_labels == "drop":
            dropped["unknown_labels"] += 1
        else:
            problem = f"is of the class {shown(example.class_name)}, which has no picture to train on"
            raise _refusal(tree, example.entry, problem, "Add some, or set data.clean.unknown_labels to drop.")


def _decoded(
    examples: Sequence[_Example], tree: Tree, asked: Pictures | None, clean: Clean, dropped: Counter[str]
) -> Iterator[_Decoded]:
    total = 0
    for example in examples:
        try:
            pixels, mode = decode(content_of(example.entry), asked)
        except BadPictureError as error:
            if clean.corrupt == "drop":
                dropped["corrupt"] += 1
                continue
            remedy = "Repair or remove it, or set data.clean.corrupt to drop."
            raise _refusal(tree, example.entry, f"is no picture that can be read: {error}", remedy) from error
        total += pixels.nbytes
        if total > MAX_BYTES:
            remedy = "Set data.images to a smaller height and width, or use fewer."
            raise _refusal(tree, example.entry, f"brings the pixels to {total:,} bytes, beyond {MAX_BYTES:,}", remedy)
        yield _Decoded(example, pixels, mode)


def _alike(
    decoded: list[_Decoded], tree: Tree, asked: Pictures | None, clean: Clean, dropped: Counter[str]
) -> list[_Decoded]:
    """Return the pictures that have the most frequent size and colours. Raises `InvalidData` for another one."""
    if asked is not None or not decoded:
        return decoded
    most, _ = Counter(each.kind for each in decoded).most_common(1)[0]
    if most[1] == "transparent":
        odd = next(each for each in decoded if each.kind == most)
        raise _mismatch(odd, most, decoded, tree)
    others = [each for each in decoded if each.kind != most]
    if others and clean.mismatched == "refuse":
        raise _mismatch(others[0], most, decoded, tree)
    if others:
        dropped["mismatched"] += len(others)
    return [each for each in decoded if each.kind == most]


def _mismatch(odd: _Decoded, most: _Kind, decoded: list[_Decoded], tree: Tree) -> InvalidData:
    than = f", and most pictures are {_said(most)}" if odd.kind != most else ""
    remedy = f"Set data.images to one size and mode, for example {_suggestion(most)}"
    remedy += ", or data.clean.mismatched to drop." if than else "."
    return _refusal(tree, odd.example.entry, f"is {_said(odd.kind)}{than}", remedy, row=decoded.index(odd))


def _said(kind: _Kind) -> str:
    (height, width, _), mode = kind
    return f"{height} x {width} {mode}"


def _suggestion(kind: _Kind) -> str:
    (height, width, _), mode = kind
    return f"{{height: {height}, width: {width}, mode: {'grey' if mode == 'grey' else 'rgb'}}}"


def _part(name: PartName, decoded: Sequence[_Decoded], names: tuple[str, ...]) -> Part:
    mine = [each for each in decoded if each.example.part == name]
    number = {class_name: at for at, class_name in enumerate(names)}
    labels = np.array([number[each.example.class_name] for each in mine], np.int64)
    return Part(np.stack([each.pixels for each in mine]), labels, f"the pictures of {name}", f"the classes of {name}")


def _refusal(tree: Tree, entry: Entry, problem: str, remedy: str, *, row: int | None = None) -> InvalidData:
    return InvalidData(
        f"{tree.place(entry.name)} {problem}.", remedy=remedy, path=tree.source, row=row, field=shown(entry.name)
    )
