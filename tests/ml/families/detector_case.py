"""The tiny training of a detector: bricks and poles, written as COCO."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.boxes import load_boxes
from ml.families.object_detector import presets
from ml.families.object_detector.card import DetectorCard
from ml.model.card import read_card
from tests.ml.drawn_boxes import NAMES, coco_files, pictures, write_coco
from tests.ml.families.case import Case, Document, Roots, spec_of
from tests.ml.made_files import write_folder
from tests.ml.simple_detection import decoded, mean_average_precision, overlap


def _detector_spec(path: Path) -> Document:
    steps = [{"step": "standardize"}, {"step": "random_flip"}]
    training = {"epochs": 12, "batch_size": 8, "learning_rate": 0.01}
    return spec_of("object_detector", path, preprocess=steps, training=training)


def _detected(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", DetectorCard)
    given = load_boxes(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    maps = np.asarray(model(given.images.astype(np.float32)))
    answers, truth = [], []
    for row, each in enumerate(maps):
        found = decoded(each, picture=row, kinds=len(card.classes), stride=card.stride)
        answers += [replace(one, box=tuple(np.clip(one.box, 0, 32))) for one in found]
        truth += [(row, int(kind), tuple(box)) for box, kind in zip(*given.boxes_of(row), strict=True)]
    return {"metrics": {"map_50": mean_average_precision(answers, truth, 0.5)}, "boxes": len(truth)}


def _box(**fields: object) -> Callable[[Path], Path]:
    """Write boxes of which the first has other fields."""
    return lambda folder: write_coco(folder, lambda document: document["annotations"][0].update(fields))


def _pictures_alone(folder: Path) -> Path:
    alone = {name: content for name, content in coco_files(pictures()).items() if name.endswith(".png")}
    return write_folder(folder / "asked", alone | {"dataset.json": b"{}"})


def _judged(predictions: Sequence[Mapping[str, str]]) -> Document:
    """Count the boxes that overlap a true one of their class by half: bricks and poles lie too far apart for two."""
    true = {f"images/{one.name}": one.boxes for one in pictures()}
    right = 0
    taken = set()
    for one in predictions:
        left, top, wide, high = (float(one[name]) for name in ("x", "y", "width", "height"))
        for kind, *box in true[one["file"]]:
            is_hit = overlap((left, top, left + wide, top + high), tuple(map(float, box))) >= 0.5
            if NAMES[kind] == one["prediction"] and is_hit and (one["file"], kind) not in taken:
                taken.add((one["file"], kind))
                right += 1
    return {"metrics": {"precision": right / len(predictions)}}


def _without_boxes(folder: Path) -> Path:
    return write_folder(folder / "pictures", {f"brick/{one.name}": one.png for one in pictures(4)})


OBJECT_DETECTOR: Final = Case(
    family="object_detector",
    write=write_coco,
    spec=_detector_spec,
    networks=lambda name: (presets.PRESETS[name]((32, 48, 3), 5, dropout=0.1), (8, 12, 9)),
    measured=_detected,
    unlabelled=_pictures_alone,
    judged=_judged,
    bad={
        "a box beyond its picture": (_box(bbox=[20, 2, 14, 10]), "reaches beyond its 32 x 32 pixels"),
        "a box without an area": (_box(bbox=[20, 2, 0, 10]), r"annotations\[0\]: the box of brick .* has no area"),
        "a box of no number": (_box(bbox=[float("nan"), 2, 4, 10]), "has an edge that is no number"),
        "a class that is not named": (_box(category_id=7), "the category_id 7, which categories has not"),
        "a picture that is not there": (
            lambda folder: write_coco(folder, lambda document: document["images"][3].update(file_name="x.png")),
            "names the picture x.png, which is not there",
        ),
        "no box": (
            lambda folder: write_coco(folder, lambda document: document["annotations"].clear()),
            "0 classes",
        ),
        "sides that cannot be halved": (lambda folder: write_coco(folder, width=40), "multiples of 16 pixels"),
        "pictures without boxes": (_without_boxes, "holds no pictures with boxes"),
    },
)
