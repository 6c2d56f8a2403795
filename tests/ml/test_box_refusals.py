"""What broken and hostile files of boxes are answered with: file, place, value, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml.boxes import load_boxes
from ml.errors import InvalidData
from tests.ml.drawn_boxes import coco_files, pictures, voc_files, yolo_files
from tests.ml.made_files import write_folder, write_tar, write_zip
from trainshed.specs import Data

DRAWN = pictures(4)
COCO, VOC, YOLO = coco_files(DRAWN), voc_files(DRAWN), yolo_files(DRAWN)
XML = VOC["Annotations/000.xml"]
BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def _coco(**fields: object) -> dict[str, bytes]:
    return COCO | {"annotations.json": json.dumps(json.loads(COCO["annotations.json"]) | fields).encode()}


def _first(key: str, **fields: object) -> dict[str, bytes]:
    document = json.loads(COCO["annotations.json"])
    document[key][0].update(fields)
    return _coco(**document)


def _xml(old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in XML
    return VOC | {"Annotations/000.xml": XML.replace(old, new, 1)}


def _line(text: bytes) -> dict[str, bytes]:
    return YOLO | {"labels/001.txt": text}


HOSTILE = {
    "coco: no JSON": (COCO | {"annotations.json": b'{"images": ['}, "annotations.json is no JSON"),
    "coco: nested too deep": (COCO | {"annotations.json": b'{"images": ' + b"[" * 100_000}, "is no JSON"),
    "coco: a list in its place": (_coco(annotations=3), "has no list of objects 'annotations'"),
    "coco: no categories": (_coco(categories=[]), "the category_id 1, which categories has not"),
    "coco: a category twice": (_coco(categories=[{"id": 1, "name": "brick"}, {"id": 1, "name": "x"}]), "is taken"),
    "coco: a name that leads out": (_first("images", file_name="../../etc/passwd.png"), "leads out of the data"),
    "coco: an absolute name": (_first("images", file_name="/etc/passwd.png"), "leads out of the data"),
    "coco: an absent picture": (_first("images", file_name="lost.png"), "lost.png, which is not there"),
    "coco: an image without name": (_first("images", file_name=None), "images[0] has no id and file_name"),
    "coco: an image twice": (_first("images", id=1), "images[1] has the id 1, which another one has"),
    "coco: a box of no image": (_first("annotations", image_id=99), "the image_id 99, which images has not"),
    "coco: three numbers": (_first("annotations", bbox=[1, 2, 3]), "annotations[0] has the bbox [1, 2, 3]"),
    "coco: texts for numbers": (_first("annotations", bbox=["1", 2, 3, 4]), "annotations[0] has the bbox"),
    "coco: a truth for a number": (_first("annotations", bbox=[True, 2, 3, 4]), "annotations[0] has the bbox"),
    "coco: a huge number": (_first("annotations", bbox=[10**400, 2, 3, 4]), "has an edge that is no number"),
    "coco: a negative side": (_first("annotations", bbox=[9, 9, -3, 4]), "has no area"),
    "coco: a list for an id": (_first("annotations", image_id=[1]), "annotations[0] has no image_id"),
    "voc: entities": (VOC | {"Annotations/000.xml": BOMB + XML}, "it has a DOCTYPE, which is never read"),
    "voc: entities in UTF-16": (
        VOC | {"Annotations/000.xml": (BOMB + XML).decode().encode("utf-16")},
        "it has a DOCTYPE, which is never read",
    ),
    "voc: another document": (VOC | {"Annotations/000.xml": b"<project/>"}, "begins with 'project'"),
    "voc: cut short": (VOC | {"Annotations/000.xml": XML[:-20]}, "Annotations/000.xml is no XML that can be read"),
    "voc: an unknown encoding": (_xml(b"<annotation>", b'<?xml version="1.0" encoding="x"?><annotation>'), "no XML"),
    "voc: no filename": (_xml(b"<filename>000.png</filename>", b""), "has no filename"),
    "voc: a name that leads out": (_xml(b"000.png", b"../../000.png"), "leads out of the data"),
    "voc: an absent picture": (_xml(b"000.png", b"lost.png"), "lost.png, which is not there"),
    "voc: no name": (_xml(b"<name>brick</name>", b""), "object 0 has no name"),
    "voc: no edge": (_xml(b"<xmin>", b"<left>"), "is no XML that can be read"),
    "voc: a word for a number": (_xml(b"<ymin>", b"<ymin>a"), "object 0 has no bndbox of four numbers"),
    "voc: no number at all": (_xml(b"<ymin>", b"<ymin>nan</ymin><ymin>"), "has an edge that is no number"),
    "yolo: three numbers": (_line(b"0 0.5 0.5 0.1\n"), "labels/001.txt line 1 is '0 0.5 0.5 0.1'"),
    "yolo: a name for a class": (_line(b"brick 0.5 0.5 0.1 0.1\n"), "line 1 is 'brick 0.5"),
    "yolo: pixels for fractions": (_line(b"0 16 16 8 8\n"), "reaches beyond its 32 x 32 pixels"),
    "yolo: no number": (_line(b"0 nan 0.5 0.1 0.1\n"), "line 1: the box of brick on images/001.png has an edge"),
    "yolo: no area": (_line(b"\n0 0.5 0.5 0 0.1\n"), "line 2: the box of brick on images/001.png has no area"),
    "yolo: a class that is not named": (_line(b"2 0.5 0.5 0.1 0.1\n"), "line 1 has the class 2, and 2 are named"),
    "yolo: a class below 0": (_line(b"-1 0.5 0.5 0.1 0.1\n"), "line 1 has the class -1"),
    "yolo: no text": (_line(b"\xff\xfe0"), "labels/001.txt is not UTF-8"),
    "yolo: names that are no list": (YOLO | {"data.yaml": b"names: 3"}, "data.yaml has no list `names`"),
    "yolo: names of an object": (
        YOLO | {"data.yaml": b"names: !!python/object/apply:os.system ['true']"},
        "data.yaml is no YAML",
    ),
    "yolo: a name twice": (YOLO | {"data.yaml": b"names: [brick, brick]"}, "names 2 classes, not each once"),
    "no picture": (COCO | {"images/001.png": b"not a picture"}, "images/001.png is no picture that can be read"),
    "pictures alone": ({f"brick/{one.name}": one.png for one in DRAWN}, "holds no pictures with boxes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_file_is_named_with_what_to_do(tmp_path, name):
    files, says = HOSTILE[name]
    path = write_folder(tmp_path / "d", files)
    with pytest.raises(InvalidData) as caught:
        _load(path)
    assert says in caught.value.detail, caught.value.detail
    assert str(path) in caught.value.detail
    assert caught.value.remedy


def test_an_archive_whose_names_lead_out_is_refused(tmp_path):
    for write in (write_zip, write_tar):
        with pytest.raises(InvalidData, match="leads out of it"):
            _load(write(tmp_path / write.__name__, COCO | {"../evil.json": b"{}"}))


def test_pictures_of_two_sizes_are_refused_with_a_size_to_bring_them_to(tmp_path):
    wide = pictures(4, width=48)[3]
    path = write_folder(tmp_path / "d", COCO | {"images/003.png": wide.png})
    with pytest.raises(InvalidData, match=r"images/003.png has 32 x 48 pixels") as caught:
        _load(path)
    assert "{height: 32, width: 32, mode: rgb, fit: pad}" in caught.value.remedy


def test_cleaning_that_is_for_classes_is_refused(tmp_path):
    path = write_folder(tmp_path / "d", COCO)
    with pytest.raises(InvalidData, match=r"data.clean.duplicates is drop"):
        _load(path, clean={"duplicates": "drop"})


def test_a_name_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(InvalidData, match="There is no set of pictures with boxes 'synthetic/scene'") as caught:
        load_boxes(Data(dataset="synthetic/scene"), roots=(), files={})
    assert "synthetic/scenes" in caught.value.remedy


def _load(path: Path, **settings: object) -> object:
    return load_boxes(Data.model_validate({"path": str(path), **settings}), roots=(path.parent,), files={})
