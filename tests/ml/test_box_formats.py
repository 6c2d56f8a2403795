"""COCO, Pascal VOC and YOLO: the same pictures and boxes out of each, in all layouts they are found in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml.boxes import BoxSet, load_boxes
from ml.boxes.asked_pictures import ask_pictures
from ml.boxes.box_set import in_classes
from ml.boxes.division import divide_pictures, refuse_untrained_class
from ml.errors import InvalidData
from tests.ml.drawn_boxes import NAMES, Picture, coco, coco_files, pictures, voc_files, voc_xml, yolo_files, yolo_text
from tests.ml.made_files import write_folder, write_tar, write_zip
from trainshed.specs import Data, Split

DRAWN = pictures(12)
BY_NAME = {one.name: one for one in DRAWN}


def load(path: Path, **settings: object) -> BoxSet:
    return load_boxes(Data.model_validate({"path": str(path), **settings}), roots=(path.parent,), files={})


def assert_same(found: BoxSet, drawn: list[Picture]) -> None:
    """Each picture has exactly its boxes."""
    assert found.class_names == NAMES
    assert len(found) == len(drawn)
    for row, name in enumerate(found.names):
        one = BY_NAME[name.rsplit("/", 1)[-1]]
        np.testing.assert_array_equal(found.images[row], one.pixels)
        boxes, classes = found.boxes_of(row)
        expected = np.array(one.boxes, float).reshape(-1, 5)
        np.testing.assert_allclose(boxes, expected[:, 1:], atol=1e-4)
        np.testing.assert_array_equal(classes, expected[:, 0])


FORMATS = {"coco": coco_files, "voc": voc_files, "yolo": yolo_files}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("pack", [write_folder, write_zip, write_tar], ids=["folder", "zip", "tar.gz"])
def test_each_format_gives_the_boxes_that_were_drawn(tmp_path, form, pack):
    files = {f"data/{name}": content for name, content in FORMATS[form](DRAWN).items()}
    found = load(pack(tmp_path / "d", files))
    assert found.format == form
    assert_same(found, DRAWN)
    assert (found.own_validation_from, found.own_test_from) == (None, None)


def _coco_parts() -> dict[str, bytes]:
    """Lay out as the COCO challenge does."""
    files = {}
    for part, some in (("train2017", DRAWN[:6]), ("val2017", DRAWN[6:])):
        files[f"annotations/instances_{part}.json"] = json.dumps(coco(some)).encode()
        files |= {f"{part}/{one.name}": one.png for one in some}
    return files


def _coco_folders() -> dict[str, bytes]:
    """Lay out with a document in the folder of each part."""
    files = {}
    for part, some in (("train", DRAWN[:6]), ("valid", DRAWN[6:])):
        files[f"{part}/_annotations.coco.json"] = json.dumps(coco(some)).encode()
        files |= {f"{part}/{one.name}": one.png for one in some}
    return files


def _voc_lists() -> dict[str, bytes]:
    """Lay out as the Pascal challenge does."""
    lists = {"trainval": DRAWN, "train": DRAWN[:6], "val": DRAWN[6:]}
    named = {
        f"ImageSets/Main/{name}.txt": "".join(f"{Path(one.name).stem}\n" for one in some).encode()
        for name, some in lists.items()
    }
    return {f"VOCdevkit/VOC2007/{name}": content for name, content in (voc_files(DRAWN) | named).items()}


def _voc_folders() -> dict[str, bytes]:
    """Lay out with document and picture side by side."""
    files = {}
    for part, some in (("train", DRAWN[:6]), ("valid", DRAWN[6:])):
        for one in some:
            files[f"{part}/{Path(one.name).stem}.xml"] = voc_xml(one).encode()
            files[f"{part}/{one.name}"] = one.png
    return files


def _yolo_parts() -> dict[str, bytes]:
    return yolo_files(DRAWN[:6], "train") | yolo_files(DRAWN[6:], "val")


def _yolo_folders() -> dict[str, bytes]:
    """Lay out with images and labels below the folder of each part."""
    files = {"data.yaml": b"train: ../train/images\nnames:\n  0: brick\n  1: pole\n"}
    for part, some in (("train", DRAWN[:6]), ("valid", DRAWN[6:])):
        for one in some:
            files[f"{part}/images/{one.name}"] = one.png
            files[f"{part}/labels/{Path(one.name).stem}.txt"] = yolo_text(one).encode()
    return files


def _yolo_beside() -> dict[str, bytes]:
    """Lay out as Darknet does."""
    files = {"obj.names": b"brick\npole\n"}
    for part, some in (("train", DRAWN[:6]), ("valid", DRAWN[6:])):
        files |= {f"{part}/{one.name}": one.png for one in some}
        files |= {f"{part}/{Path(one.name).stem}.txt": yolo_text(one).encode() for one in some}
    return files


@pytest.mark.parametrize(
    "files", [_coco_parts, _coco_folders, _voc_lists, _voc_folders, _yolo_parts, _yolo_folders, _yolo_beside]
)
def test_parts_that_a_layout_names_are_kept(tmp_path, files):
    found = load(write_folder(tmp_path / "d", files()))
    assert_same(found, DRAWN)
    assert (found.own_validation_from, found.own_test_from) == (6, None)
    assert [name.rsplit("/", 1)[-1] for name in found.names[:6]] == [one.name for one in DRAWN[:6]]


def test_a_crowd_is_no_box_and_an_empty_category_no_class(tmp_path):
    def change(document):
        document["categories"].insert(0, {"id": 0, "name": "things"})
        document["annotations"].append(document["annotations"][0] | {"iscrowd": 1, "bbox": [0, 0, 32, 32]})

    assert_same(load(write_folder(tmp_path / "d", coco_files(DRAWN, change))), DRAWN)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_boxes_follow_when_pictures_are_brought_to_one_size(tmp_path, fit):
    drawn = [*pictures(4, height=40, width=64), *pictures(4, height=64, width=48, seed=9)]
    named = [Picture(f"{at}.png", one.pixels, one.boxes) for at, one in enumerate(drawn)]
    images = {"height": 48, "width": 96, "mode": "rgb", "fit": fit}
    found = load(write_folder(tmp_path / "d", coco_files(named)), images=images)
    assert found.image_shape == (48, 96, 3)
    assert len(found.boxes) >= 8
    for row in range(len(found)):
        for box, kind in zip(*found.boxes_of(row), strict=True):
            strong = found.images[row][..., 0 if kind == 0 else 2].astype(int) - found.images[row][..., 1]
            rows, columns = (np.flatnonzero((strong > 60).any(axis=axis)) for axis in (1, 0))
            edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
            np.testing.assert_allclose(box, edges, atol=1.5)


def test_a_box_on_a_picture_without_boxes_is_brought_back_to_the_pixels_of_its_file(tmp_path):
    drawn = [pictures(1, height=40, width=64)[0], pictures(1, height=64, width=48)[0]]
    named = [Picture(f"{at}.png", one.pixels, one.boxes) for at, one in enumerate(drawn)]
    images = {"height": 48, "width": 96, "mode": "rgb", "fit": "pad"}
    placed = load(write_folder(tmp_path / "d", coco_files(named)), images=images)
    alone = write_folder(tmp_path / "alone", {one.name: one.png for one in named})
    data = Data.model_validate({"path": str(alone), "images": images})
    questions = ask_pictures(data, (48, 96, 3), chosen=None, roots=(tmp_path,), files={})
    (asked,) = questions.read(8)
    assert (questions.count, asked.names, asked.rows.tolist()) == (2, ("0.png", "1.png"), [0, 1])
    np.testing.assert_array_equal(asked.images, placed.images)
    for row, frame in enumerate(asked.frames):
        boxes, _ = placed.boxes_of(row)
        np.testing.assert_allclose(frame.undone(boxes), [box[1:] for box in named[row].boxes], atol=1e-3)


def test_what_a_folder_says_of_itself_goes_with_the_pictures(tmp_path):
    about = {"synthetic": True, "provenance": "drawn", "licence": "CC0"}
    found = load(write_folder(tmp_path / "d", coco_files(DRAWN) | {"dataset.json": json.dumps(about).encode()}))
    assert (found.synthetic, found.provenance, found.licence) == (True, "drawn", "CC0")


def test_boxes_take_the_classes_of_a_model_that_knows_more(tmp_path):
    found = load(write_folder(tmp_path / "d", coco_files(DRAWN)))
    as_known = in_classes(found, ("pole", "tree", "brick"))
    assert [as_known.class_names[number] for number in as_known.classes] == [NAMES[number] for number in found.classes]
    assert as_known.digest == found.digest
    with pytest.raises(InvalidData, match="has boxes of brick, and the model knows pole, tree"):
        in_classes(found, ("pole", "tree"))


def test_a_class_that_only_a_held_out_part_has_cannot_be_trained(tmp_path):
    files = {f"train/{name}": content for name, content in coco_files(DRAWN[1:2]).items()}
    files |= {f"test/{name}": content for name, content in coco_files(DRAWN[:1]).items()}
    found = load(write_folder(tmp_path / "d", files))
    parts = divide_pictures(found, Split(validation=0))
    with pytest.raises(InvalidData, match="no box of class brick in the train part"):
        refuse_untrained_class(found, parts)


def test_a_box_that_reaches_a_rounding_beyond_its_picture_is_cut(tmp_path):
    def change(document):
        document["annotations"][0]["bbox"] = [-0.6, 3, 10, 29.5]

    found = load(write_folder(tmp_path / "d", coco_files(DRAWN, change)))
    np.testing.assert_allclose(found.boxes[0], [0, 3, 9.4, 32], atol=1e-5)


def test_broken_boxes_and_pictures_are_dropped_where_that_is_asked_for_and_counted(tmp_path):
    def change(document):
        document["annotations"][0]["bbox"] = [0, 0, 0, 5]

    files = coco_files(DRAWN, change) | {f"images/{DRAWN[1].name}": b"no picture"}
    found = load(write_folder(tmp_path / "d", files), clean={"corrupt": "drop"})
    assert found.dropped == {"broken_boxes": 1, "corrupt": 1}
    assert len(found) == 11
