"""Pascal VOC: an XML document for each picture, in `Annotations` with `JPEGImages` beside it, or next to the picture.

http://host.robots.ox.ac.uk/pascal/VOC/ . Parts are those of `ImageSets/Main/train.txt`, `val.txt` and `test.txt`, or of
folders `train`, `valid` and `test`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from xml.etree import ElementTree as ET

from ml.boxes.annotated import Annotated, Annotations, RawBox, divided, part_of, refusal
from ml.boxes.picture_finder import PictureFinder
from ml.data.parts import PartName
from ml.data.tree import Entry, Tree
from ml.errors import InvalidData

FORMAT: Final = "voc"
_MOST_BYTES: Final = 4 << 20
_LOOK: Final = 4096
_MOST_NAMES: Final = 64 << 20
_LISTS: Final[Mapping[str, PartName]] = {
    "trainval.txt": "train",
    "train.txt": "train",
    "val.txt": "validation",
    "test.txt": "test",
}
"""The later ones take pictures away from the earlier."""
_EDGES: Final = ("xmin", "ymin", "xmax", "ymax")
_REMEDY: Final = "Write it as LabelImg and the Pascal VOC challenge do."


class _Plain(ET.TreeBuilder):
    """Builds a tree, and stops at a document type: entities would come with it, which name files or never end."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ET.ParseError("it has a DOCTYPE, which is never read")


def voc_files(tree: Tree) -> list[Entry]:
    """Return the documents of the folders that hold one that looks like VOC."""
    documents = [entry for entry in tree.files.values() if entry.name.lower().endswith(".xml")]
    folders = {_folder(entry) for entry in documents if b"<annotation" in entry.beginning(_LOOK)}
    return [entry for entry in documents if _folder(entry) in folders]


def read_voc(tree: Tree, entries: list[Entry]) -> Annotations:
    """Return what the documents say. Raises `InvalidData` that names document, object and value."""
    finder = PictureFinder(tree)
    listed = _listed_parts(tree)
    if listed:
        entries = [entry for entry in entries if PurePosixPath(entry.name).stem in listed]
        parts = [listed[PurePosixPath(entry.name).stem] for entry in entries]
    else:
        parts = divided([part_of(str(_folder(entry))) for entry in entries])
    pictures = [_picture(tree, entry, part, finder) for entry, part in zip(entries, parts, strict=True)]
    names = sorted({box.class_name for picture in pictures for box in picture.boxes})
    return Annotations(FORMAT, "pixels", tuple(pictures), tuple(names))


def _folder(entry: Entry) -> PurePosixPath:
    return PurePosixPath(entry.name).parent


def _listed_parts(tree: Tree) -> dict[str, PartName]:
    """Return the part of each picture by its name without ending; empty where there are no lists to train from."""
    parts: dict[str, PartName] = {}
    found = {entry.basename: entry for entry in tree.files.values() if "ImageSets/Main/" in f"/{entry.name}"}
    for name, part in _LISTS.items():
        if name in found:
            lines = found[name].beginning(_MOST_NAMES).decode("utf-8", "replace").split("\n")
            parts |= {line.split()[0]: part for line in lines if line.strip()}
    return parts if "train" in parts.values() else {}


def _picture(tree: Tree, entry: Entry, part: PartName, finder: PictureFinder) -> Annotated:
    root = _parsed(tree, entry)
    named = (root.findtext("filename") or "").strip()
    if not named:
        raise _refusal(tree, entry, "has no filename")
    path = PurePosixPath(entry.name)
    folders = (str(path.parent), str(path.parent.parent / "JPEGImages"), str(path.parent.parent / "images"))
    found = finder.find(named, said_in=entry.name, folders=folders)
    return Annotated(found, tuple(_boxes(tree, entry, root)), part, entry.name)


def _parsed(tree: Tree, entry: Entry) -> ET.Element:
    if entry.size > _MOST_BYTES:
        raise _refusal(tree, entry, f"has {entry.size:,} bytes, and {_MOST_BYTES:,} is the limit")
    parser: Any = ET.XMLParser(target=_Plain())  # noqa: S314 - see `_Plain`
    try:
        parser.feed(entry.beginning(_MOST_BYTES))
        root: ET.Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        raise _refusal(tree, entry, f"is no XML that can be read: {error}") from error
    if root.tag != "annotation":
        raise _refusal(tree, entry, f"begins with {root.tag!r}, and not with annotation")
    return root


def _boxes(tree: Tree, entry: Entry, root: ET.Element) -> Iterator[RawBox]:
    for number, thing in enumerate(root.findall("object")):
        name = (thing.findtext("name") or "").strip()
        if not name:
            raise _refusal(tree, entry, f"object {number} has no name")
        texts = [(thing.findtext(f"bndbox/{edge}") or "").strip() for edge in _EDGES]
        try:
            left, top, right, bottom = (float(text) for text in texts)
        except ValueError as error:
            said = ", ".join(f"{edge} {text or 'missing'}" for edge, text in zip(_EDGES, texts, strict=True))
            raise _refusal(tree, entry, f"object {number} has no bndbox of four numbers: {said}") from error
        # Pixels are counted from 1, and the last one belongs to the box.
        yield RawBox(name, (left - 1, top - 1, right, bottom), f"object {number}")


def _refusal(tree: Tree, entry: Entry, problem: str) -> InvalidData:
    return refusal(tree, entry.name, problem, _REMEDY)
