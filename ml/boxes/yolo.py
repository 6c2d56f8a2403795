"""YOLO: for each picture a text with a line for each box, `class x y width height`, in fractions, from its middle.

https://docs.ultralytics.com/datasets/detect/ . The text lies in `labels` where the picture lies in `images`
(`images/train/1.jpg`, `labels/train/1.txt` or `train/images/1.jpg`, `train/labels/1.txt`), or next to it. A picture
without a text has no box. Names of classes are those of `data.yaml`, `classes.txt` or `obj.names`; without, numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from ml.boxes.annotated import Annotated, Annotations, RawBox, divided, is_picture_name, part_of, refusal
from ml.data.limits import MAX_CLASSES
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData

FORMAT: Final = "yolo"
_MOST_BYTES: Final = 1 << 20
_LINE: Final = re.compile(rb"\s*\d+(\s+[-+.\deE]+){4}\s*")
_NAME_LISTS: Final = ("classes.txt", "obj.names", "_darknet.labels")
_REMEDY: Final = "Each line is `class x y width height`: a whole number, and four fractions of 0 to 1."


def yolo_files(tree: Tree) -> dict[str, Entry]:
    """Return the texts of boxes by the names of their pictures; empty where the tree is none of YOLO."""
    texts = {}
    for entry in tree.files.values():
        if is_picture_name(entry.name):
            found = _text_of(entry, tree)
            if found is not None:
                texts[entry.name] = found
    is_yolo = any(text.name.split("/")[-2:-1] == ["labels"] or "labels/" in text.name for text in texts.values())
    return texts if is_yolo or any(_LINE.match(text.beginning(200)) for text in texts.values()) else {}


def read_yolo(tree: Tree, texts: dict[str, Entry]) -> Annotations:
    """Return what the texts say. Raises `InvalidData` that names text, line and value."""
    entries = [entry for entry in tree.files.values() if is_picture_name(entry.name)]
    parts = divided([part_of(str(PurePosixPath(entry.name).parent)) for entry in entries])
    names = _names(tree)
    lines = [tuple(_lines(tree, texts[entry.name])) if entry.name in texts else () for entry in entries]
    if names is None:
        largest = max((number for each in lines for _, number, _ in each), default=-1)
        if largest >= MAX_CLASSES:
            raise InvalidData(
                f"{tree.source} has the class {largest:,}, and {MAX_CLASSES:,} classes are the limit.",
                remedy="Number the classes from 0 on.",
                path=tree.source,
            )
        names = tuple(str(number) for number in range(largest + 1))
    pictures = tuple(
        Annotated(
            entry,
            tuple(_box(tree, texts[entry.name], line, number, values, names) for line, number, values in each),
            part,
            texts[entry.name].name if entry.name in texts else entry.name,
        )
        for entry, part, each in zip(entries, parts, lines, strict=True)
    )
    return Annotations(FORMAT, "fractions", pictures, names)


def _text_of(picture: Entry, tree: Tree) -> Entry | None:
    path = PurePosixPath(picture.name).with_suffix(".txt")
    folders = list(path.parts[:-1])
    if "images" in folders:
        at = len(folders) - 1 - folders[::-1].index("images")
        elsewhere = PurePosixPath(*folders[:at], "labels", *folders[at + 1 :], path.name)
        return tree.files.get(str(elsewhere)) or tree.files.get(str(path))
    return tree.files.get(str(path)) or tree.files.get(str(PurePosixPath("labels") / path))


def _names(tree: Tree) -> tuple[str, ...] | None:
    for entry in tree.files.values():
        if entry.basename in {"data.yaml", "data.yml", "dataset.yaml"}:
            return _names_of_yaml(tree, entry)
    for entry in tree.files.values():
        if entry.basename in _NAME_LISTS:
            listed = _content(tree, entry).splitlines()
            return _checked_names(tree, entry, [line.strip() for line in listed if line.strip()])
    return None


def _names_of_yaml(tree: Tree, entry: Entry) -> tuple[str, ...]:
    try:
        document = yaml.safe_load(_content(tree, entry))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise refusal(tree, entry.name, "is no YAML", "It names the classes: `names: [cat, dog]`.") from error
    found: Any = document.get("names") if isinstance(document, dict) else None
    if isinstance(found, dict) and sorted(found, key=str) == sorted(range(len(found)), key=str):
        found = [found[number] for number in range(len(found))]
    if not isinstance(found, list) or not all(isinstance(name, str | int) for name in found):
        raise refusal(tree, entry.name, "has no list `names`", "It names the classes: `names: [cat, dog]`.")
    return _checked_names(tree, entry, [str(name) for name in found])


def _checked_names(tree: Tree, entry: Entry, names: list[str]) -> tuple[str, ...]:
    if len(set(names)) < len(names) or not names:
        raise refusal(tree, entry.name, f"names {len(names)} classes, not each once", "Give each class one name.")
    return tuple(names)


def _content(tree: Tree, entry: Entry) -> str:
    if entry.size > _MOST_BYTES:
        raise refusal(tree, entry.name, f"has {entry.size:,} bytes, and {_MOST_BYTES:,} is the limit", _REMEDY)
    try:
        return entry.beginning(_MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(tree, entry.name, f"is not UTF-8: {error.reason}", _REMEDY) from error


def _lines(tree: Tree, entry: Entry) -> Iterator[tuple[int, int, tuple[float, float, float, float]]]:
    """Yield number of the line from 1, class, and four fractions."""
    for line, text in enumerate(_content(tree, entry).splitlines(), start=1):
        fields = text.split()
        if not fields:
            continue
        try:
            number, x, y, width, height = int(fields[0]), *(float(field) for field in fields[1:])
        except ValueError as error:
            raise refusal(tree, entry.name, f"line {line} is {text[:80]!r}", _REMEDY, row=line) from error
        if number < 0:
            raise refusal(tree, entry.name, f"line {line} has the class {number}", _REMEDY, row=line)
        yield line, number, (x, y, width, height)


def _box(
    tree: Tree, entry: Entry, line: int, number: int, values: tuple[float, float, float, float], names: tuple[str, ...]
) -> RawBox:
    if number >= len(names):
        raise refusal(
            tree,
            entry.name,
            f"line {line} has the class {number}, and {len(names)} are named",
            "Name each class in data.yaml, in the order of their numbers.",
            row=line,
        )
    x, y, width, height = values
    edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return RawBox(names[number], edges, f"line {line}")
