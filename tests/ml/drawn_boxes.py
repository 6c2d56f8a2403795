"""Small pictures with coloured rectangles, and what is true of them, written as COCO, Pascal VOC or YOLO."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from tests.ml.made_files import write_folder

Document = dict[str, Any]
NAMES: Final = ("brick", "pole")
_COLOURS: Final = ((230, 40, 40), (40, 60, 230))
_SIDES: Final = ((14, 10), (6, 20))
"""Width and height of each class."""


@dataclass(frozen=True)
class Picture:
    """A picture and its boxes: class, left, top, right, bottom."""

    name: str
    pixels: np.ndarray
    boxes: tuple[tuple[int, int, int, int, int], ...]

    @property
    def png(self) -> bytes:
        content = io.BytesIO()
        Image.fromarray(self.pixels).save(content, "PNG")
        return content.getvalue()


def pictures(count: int = 60, *, height: int = 32, width: int = 32, seed: int = 3) -> list[Picture]:
    """Return pictures with a brick or a pole, every third with both side by side, every tenth with none."""
    random = np.random.Generator(np.random.PCG64(seed))
    return [_picture(number, height, width, random) for number in range(count)]


def _picture(number: int, height: int, width: int, random: np.random.Generator) -> Picture:
    pixels = random.integers(90, 130, (height, width, 3), dtype=np.uint8)
    kinds = () if number % 10 == 9 else (0, 1) if number % 3 == 0 else (number % 2,)
    boxes = []
    for place, kind in enumerate(kinds):
        wide, high = _SIDES[kind]
        half = width // len(kinds)
        left = place * half + int(random.integers(half - wide + 1))
        top = int(random.integers(height - high + 1))
        pixels[top : top + high, left : left + wide] = _COLOURS[kind]
        boxes.append((kind, left, top, left + wide, top + high))
    return Picture(f"{number:03d}.png", pixels, tuple(boxes))


def coco(drawn: list[Picture]) -> Document:
    """Return the document; categories are numbered from 1, as is usual."""
    images = [
        {"id": number, "file_name": one.name, "height": one.pixels.shape[0], "width": one.pixels.shape[1]}
        for number, one in enumerate(drawn)
    ]
    boxes = [(number, box) for number, one in enumerate(drawn) for box in one.boxes]
    annotations = [
        {"id": at, "image_id": number, "category_id": kind + 1, "iscrowd": 0}
        | {"bbox": [left, top, right - left, bottom - top]}
        for at, (number, (kind, left, top, right, bottom)) in enumerate(boxes)
    ]
    categories = [{"id": number, "name": name} for number, name in enumerate(NAMES, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def coco_files(drawn: list[Picture], change: Callable[[Document], object] = len) -> dict[str, bytes]:
    """Return document and pictures by their names; `change` may spoil the document."""
    document = coco(drawn)
    change(document)
    return {"annotations.json": json.dumps(document).encode()} | {f"images/{one.name}": one.png for one in drawn}


def write_coco(folder: Path, change: Callable[[Document], object] = len, **size: int) -> Path:
    """Write a folder as COCO."""
    return write_folder(folder / "boxes", coco_files(pictures(**size), change))


def voc_xml(one: Picture) -> str:
    """Return the document of a picture: pixels are counted from 1, and the last one belongs to the box."""
    things = "".join(
        f"<object><name>{NAMES[kind]}</name><bndbox><xmin>{left + 1}</xmin><ymin>{top + 1}</ymin>"
        f"<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
        for kind, left, top, right, bottom in one.boxes
    )
    return f"<annotation><filename>{one.name}</filename>{things}</annotation>"


def voc_files(drawn: list[Picture]) -> dict[str, bytes]:
    """Return documents and pictures by their names."""
    files = {f"Annotations/{Path(one.name).stem}.xml": voc_xml(one).encode() for one in drawn}
    return files | {f"JPEGImages/{one.name}": one.png for one in drawn}


def yolo_text(one: Picture) -> str:
    """Return a line for each box, in fractions from its middle."""
    height, width, _ = one.pixels.shape
    return "".join(
        f"{kind} {(left + right) / 2 / width} {(top + bottom) / 2 / height} {(right - left) / width}"
        f" {(bottom - top) / height}\n"
        for kind, left, top, right, bottom in one.boxes
    )


def yolo_files(drawn: list[Picture], part: str = "") -> dict[str, bytes]:
    """Return texts and pictures by their names; a picture without boxes has no text."""
    inner = f"{part}/" if part else ""
    texts = {f"labels/{inner}{Path(one.name).stem}.txt": yolo_text(one).encode() for one in drawn if one.boxes}
    names = {"data.yaml": f"names: [{', '.join(NAMES)}]\n".encode()}
    return names | texts | {f"images/{inner}{one.name}": one.png for one in drawn}
