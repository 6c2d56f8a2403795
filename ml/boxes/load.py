"""From `data:` of a spec to checked pictures with boxes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ml.boxes.assembly import assemble
from ml.boxes.box_set import BoxSet
from ml.boxes.coco import coco_files, read_coco
from ml.boxes.scenes import SYNTHETIC
from ml.boxes.voc import read_voc, voc_files
from ml.boxes.yolo import read_yolo, yolo_files
from ml.data.about import read_about
from ml.data.builtin import load_known
from ml.data.files import DataSource, find_file
from ml.data.opening import opened_tree
from ml.data.tree import Tree
from ml.errors import InvalidData
from ml.job import DataFile
from trainshed.specs import Data

ACCEPTED: Final = (
    "pictures with boxes as COCO (a .json), Pascal VOC (an .xml a picture) or YOLO (a .txt a picture), as a folder,"
    " .zip, .tar or .tar.gz"
)


def load_boxes(data: Data, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]) -> BoxSet:
    """Read and check the pictures with boxes that `data` names. Raises `InvalidData`."""
    source = find_file(data, roots=roots, files=files)
    if source is None:
        remedy = f"or upload some; or give data.path: {ACCEPTED}."
        return load_known(data.dataset or "", SYNTHETIC, what="set of pictures with boxes", remedy=remedy)
    found = boxes_in(source, data)
    if found is None:
        raise InvalidData(
            f"{source.name} holds no pictures with boxes.",
            remedy=f"Accepted are {ACCEPTED}.",
            path=source.name,
            field="model.family",
        )
    return found


def boxes_in(source: DataSource, data: Data) -> BoxSet | None:
    """Return the pictures with boxes of a folder or an archive; None where there are none.

    Raises `InvalidData` for broken ones.
    """
    with opened_tree(source) as tree:
        return None if tree is None else _in_tree(tree, source, data)


def _in_tree(tree: Tree, source: DataSource, data: Data) -> BoxSet | None:
    if documents := coco_files(tree):
        found = read_coco(tree, documents)
    elif documents := voc_files(tree):
        found = read_voc(tree, documents)
    elif texts := yolo_files(tree):
        found = read_yolo(tree, texts)
    else:
        return None
    return assemble(found, tree, source, data, read_about(tree))
