"""`kind: profile` of pictures with boxes: what is counted, what is drawn, and what is said of it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.job import RunSettings
from ml.report import MemoryReport
from ml.run import run
from tests.ml.drawn_boxes import Picture, coco_files, pictures, voc_files, yolo_files
from tests.ml.made_files import write_folder
from trainshed.specs import parse_spec

DRAWN = pictures(20)
FORMATS = {"coco": coco_files, "voc": voc_files, "yolo": yolo_files}


def profile(tmp_path: Path, files: dict[str, bytes]) -> dict[str, Any]:
    spec = {"kind": "profile", "data": {"path": str(write_folder(tmp_path / "d", files))}}
    settings = RunSettings(threads=1, data_roots=(tmp_path,))
    run(parse_spec(spec), tmp_path / "job", MemoryReport(), settings=settings)
    found: dict[str, Any] = json.loads((tmp_path / "job/output/profile.json").read_text())
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_pictures_and_boxes_are_counted_and_measured(tmp_path, form):
    found = profile(tmp_path, FORMATS[form](DRAWN))
    boxes = [box for one in DRAWN for box in one.boxes]
    assert (found["format"], found["rows"]) == (form, 20)
    assert {each["label"]: each["count"] for each in found["labels"]["classes"]} == {
        "brick": sum(box[0] == 0 for box in boxes),
        "pole": sum(box[0] == 1 for box in boxes),
    }
    fields = {each["name"]: (each["minimum"], each["maximum"]) for each in found["fields"]}
    assert fields == {
        "picture width": (32, 32),
        "picture height": (32, 32),
        "boxes on a picture": (0, 2),
        "box width": (6, 14),
        "box height": (10, 20),
    }
    assert any("2 of 20 pictures have no box" in problem for problem in found["problems"])


def test_pictures_of_several_sizes_are_measured_as_they_are_in_their_files(tmp_path):
    wide = [Picture(f"w{one.name}", one.pixels, one.boxes) for one in pictures(4, height=40, width=100)]
    fields = {each["name"]: each for each in profile(tmp_path, coco_files([*DRAWN, *wide]))["fields"]}
    assert (fields["picture width"]["maximum"], fields["picture height"]["maximum"]) == (100, 40)
    assert (fields["box width"]["maximum"], fields["box height"]["maximum"]) == (14, 20)


def test_a_sheet_of_each_class_shows_its_boxes(tmp_path):
    found = profile(tmp_path, coco_files(DRAWN))
    assert [each["label"] for each in found["pictures"]] == ["brick", "pole"]
    contents = [(tmp_path / "job/output" / each["path"]).read_bytes() for each in found["pictures"]]
    for content in (*contents, base64.b64decode(found["preview"])):
        pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
        is_green = pixels[..., 1] > pixels[..., [0, 2]].max(axis=2) + 40
        assert np.count_nonzero(is_green) > 100


def test_copies_in_a_held_out_part_and_narrow_boxes_are_told(tmp_path):
    def narrow(document):
        document["annotations"][0]["bbox"][2] = 3

    files = {f"train/{name}": content for name, content in coco_files(DRAWN[:10], narrow).items()}
    files |= {f"test/{name}": content for name, content in coco_files(DRAWN[8:]).items()}
    found = profile(tmp_path, files)
    assert found["copies_across_parts"] == 2
    assert [(part["name"], part["rows"]) for part in found["parts"]] == [("train", 10), ("test", 12)]
    assert found["split_rule"] == "its own: test held out"
    assert any("2 test pictures are in train, too" in problem for problem in found["problems"])
    assert any("1 boxes are narrower than 4 pixels" in problem for problem in found["problems"])
