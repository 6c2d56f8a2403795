"""COCO: a JSON document with `images`, `annotations` and `categories`, beside its pictures.

https://cocodataset.org/#format-data . One document a part where their names or folders say so:
`annotations/instances_val2017.json`, `valid/_annotations.coco.json`.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from ml.boxes.annotated import Annotated, Annotations, RawBox, divided, part_of, refusal
from ml.boxes.picture_finder import PictureFinder
from ml.data.about import FILE_NAME as ABOUT
from ml.data.parts import PartName
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData

FORMAT: Final = "coco"
_MOST_BYTES: Final = 1 << 30
_LOOK: Final = 1 << 16
_KEYS: Final = (b'"images"', b'"annotations"', b'"categories"')
_REMEDY: Final = "Write it as the format asks: https://cocodataset.org/#format-data."

_Json = dict[str, Any]


def coco_files(tree: Tree) -> list[Entry]:
    """Return the documents of a tree that look like COCO."""
    return [
        entry
        for entry in tree.files.values()
        if entry.name.lower().endswith(".json") and entry.name != ABOUT and _looks_like_it(entry)
    ]


def read_coco(tree: Tree, entries: list[Entry]) -> Annotations:
    """Return what the documents say. Raises `InvalidData` that names document, entry and value."""
    finder = PictureFinder(tree)
    documents = [_Document(tree, entry) for entry in entries]
    parts = divided([part_of(entry.name) for entry in entries])
    used = {name for document in documents for name in document.used_classes()}
    names = dict.fromkeys(name for document in documents for name in document.classes.values())
    pictures = [
        picture for document, part in zip(documents, parts, strict=True) for picture in document.pictures(finder, part)
    ]
    # A category without any box, such as the collective names that some tools write first, is nothing to learn.
    return Annotations(FORMAT, "pixels", tuple(pictures), tuple(name for name in names if name in used))


class _Document:
    """One JSON document."""

    def __init__(self, tree: Tree, entry: Entry) -> None:
        self._tree = tree
        self._entry = entry
        document = self._parsed()
        self._images = self._listed(document, "images")
        self._annotations = self._listed(document, "annotations")
        self.classes = self._classes(document)

    def used_classes(self) -> Iterator[str]:
        """Yield the class of each box."""
        for number, annotation in enumerate(self._annotations):
            yield self._class_of(annotation, number)

    def pictures(self, finder: PictureFinder, part: PartName) -> Iterator[Annotated]:
        """Yield the pictures with their boxes, in the order of the document."""
        boxes: dict[Any, list[RawBox]] = defaultdict(list)
        for number, annotation in enumerate(self._annotations):
            # A crowd is drawn around many things, and is none of them.
            if annotation.get("iscrowd") in (None, 0, False):
                box = self._box(annotation, number)
                boxes[annotation["image_id"]].append(box)
        known = set()
        for number, image in enumerate(self._images):
            key, named = image.get("id"), image.get("file_name")
            if not isinstance(key, int | str) or not isinstance(named, str):
                raise self._refusal(f"images[{number}] has no id and file_name")
            if key in known:
                raise self._refusal(f"images[{number}] has the id {key}, which another one has")
            known.add(key)
            entry = finder.find(named, said_in=self._entry.name, folders=self._folders())
            yield Annotated(entry, tuple(boxes.pop(key, ())), part, self._entry.name)
        if boxes:
            raise self._refusal(f"annotations are of the image_id {next(iter(boxes))}, which images has not")

    def _folders(self) -> tuple[str, ...]:
        """Return where pictures may be, the likeliest first."""
        path = PurePosixPath(self._entry.name)
        here = path.parent
        words = path.stem.replace("instances_", "")
        return str(here), str(here / "images"), words, f"images/{words}", ".", "images"

    def _parsed(self) -> _Json:
        if self._entry.size > _MOST_BYTES:
            raise self._refusal(f"has {self._entry.size:,} bytes, and {_MOST_BYTES:,} is the limit")
        try:
            found = json.loads(self._entry.beginning(_MOST_BYTES))
        except (ValueError, RecursionError) as error:
            raise self._refusal(f"is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise self._refusal("is no JSON object")
        return found

    def _listed(self, document: _Json, key: str) -> list[_Json]:
        found = document.get(key)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._refusal(f"has no list of objects {key!r}")
        return found

    def _classes(self, document: _Json) -> dict[Any, str]:
        classes: dict[Any, str] = {}
        for number, category in enumerate(self._listed(document, "categories")):
            key, name = category.get("id"), category.get("name")
            if not isinstance(key, int | str) or not isinstance(name, str) or not name.strip():
                raise self._refusal(f"categories[{number}] has no id and name")
            if key in classes or name in classes.values():
                raise self._refusal(f"categories[{number}] is {name} with the id {key}, and one of both is taken")
            classes[key] = name
        return classes

    def _class_of(self, annotation: _Json, number: int) -> str:
        key = annotation.get("category_id")
        if not isinstance(key, int | str) or key not in self.classes:
            raise self._refusal(f"annotations[{number}] has the category_id {str(key)[:40]}, which categories has not")
        return self.classes[key]

    def _box(self, annotation: _Json, number: int) -> RawBox:
        if not isinstance(annotation.get("image_id"), int | str):
            raise self._refusal(f"annotations[{number}] has no image_id")
        found = annotation.get("bbox")
        if not isinstance(found, list) or len(found) != 4 or not all(map(_is_number, found)):
            raise self._refusal(
                f"annotations[{number}] has the bbox {str(found)[:80]}: [x, y, width, height] are asked"
            )
        left, top, width, height = (_as_float(value) for value in found)
        edges = (left, top, left + width, top + height)
        return RawBox(self._class_of(annotation, number), edges, f"annotations[{number}]")

    def _refusal(self, problem: str) -> InvalidData:
        return refusal(self._tree, self._entry.name, problem, _REMEDY)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _looks_like_it(entry: Entry) -> bool:
    """Whether the document has one of the keys near its beginning or, where they come late, anywhere."""
    beginning = entry.beginning(_LOOK)
    if any(key in beginning for key in _KEYS):
        return True
    return entry.size > _LOOK and beginning.lstrip()[:1] == b"{" and b'"info"' in beginning
