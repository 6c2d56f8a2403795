"""A table as images: each row the pixels of a square one, line by line, and its label (as MNIST is handed around).

A column `split` says in which part a row is. The label is the column `label`, `y`, or the last one: whole numbers
0..classes-1, or names of classes.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.assembly import Described, Part, assembled
from ml.data.dataset import Dataset, Labels
from ml.data.fields import as_number, is_missing
from ml.data.files import DataSource
from ml.data.leaks import telling_column
from ml.data.limits import MAX_BYTES
from ml.data.parts import ORDER, PARTS, SPLIT, PartName
from ml.data.rows import Rows, opened_rows
from ml.errors import InvalidData
from trainshed.specs import Clean


def read(source: DataSource, clean: Clean) -> Dataset:
    """Read and check the file. Raises `InvalidData` that names file, row, column and value."""
    with opened_rows(source) as rows:
        side, kind = _side_of(rows, source.name), rows.format
        values, texts, told = _values(rows, source.name)
    pixels = np.frombuffer(values, np.float64).reshape(-1, side, side)
    label = rows.names[rows.label]
    labels, names = _labels(texts)
    _refuse_leak(pixels.reshape(len(pixels), -1), labels, rows, source.name)
    narrow, of = _narrow(pixels), np.array(told)
    parts = {
        part: Part(narrow[of == part], labels[of == part], "the pixels", label)
        for part in ORDER
        if part == "train" or part in told
    }
    return assembled(parts, source, clean=clean, described=Described(kind, names))


def _refuse_leak(values: npt.NDArray[np.float64], labels: Labels, rows: Rows, name: str) -> None:
    column = telling_column(values, labels)
    if column is None:
        return
    field = rows.names[_pixel_places(rows)[column]]
    raise InvalidData(
        f"{name}: the column {field} tells the label in all of the {len(labels):,} rows: it is {rows.names[rows.label]}"
        " once more.",
        remedy="Remove the column, or a model learns to copy it, and nothing else.",
        path=name,
        field=field,
    )


def _pixel_places(rows: Rows) -> list[int]:
    apart = (rows.label, rows.split)
    return [place for place in range(len(rows.names)) if place not in apart]


def _side_of(rows: Rows, name: str) -> int:
    pixels = len(_pixel_places(rows))
    side = math.isqrt(pixels)
    if pixels == 0 or side * side != pixels:
        raise InvalidData(
            f"{name} has {pixels} columns beside {rows.names[rows.label]}, which make no square image.",
            remedy="The image family reads rows of 64, 784, ... pixels; write other images as .npz.",
            path=name,
        )
    return side


def _values(rows: Rows, name: str) -> tuple[array[float], list[str], list[PartName]]:
    """Return the numbers of all rows one after the other, the labels as they are written, and the part of each."""
    values = array("d")
    texts = []
    told: list[PartName] = []
    places, split = _pixel_places(rows), rows.split
    for number, row in rows.numbered:
        numbers = [as_number(row[place]) for place in places]
        if None in numbers or is_missing(row[rows.label]):
            raise _no_value(rows, number, row, name)
        values.extend(each for each in numbers if each is not None)
        texts.append(row[rows.label].strip())
        told.append("train" if split is None else _part(row[split], number, name))
        if len(values) * values.itemsize > MAX_BYTES:
            raise InvalidData(
                f"{name} holds more than {MAX_BYTES:,} bytes.", remedy="Use fewer rows, or .npz of uint8.", path=name
            )
    if not texts:
        raise InvalidData(f"{name} has no rows.", remedy="Give at least one row of each class.", path=name)
    return values, texts, told


def _part(text: str, number: int, name: str) -> PartName:
    part = PARTS.get(text.strip().lower())
    if part is None:
        raise InvalidData(
            f"{name}: {SPLIT} of row {number} is {text[:40]!r}, which is no part.",
            remedy="Write train, validation or test in each row of it.",
            path=name,
            row=number,
            field=SPLIT,
        )
    return part


def _no_value(rows: Rows, number: int, row: Sequence[str], name: str) -> InvalidData:
    column = next(
        index
        for index, field in enumerate(row)
        if is_missing(field) or (index in _pixel_places(rows) and as_number(field) is None)
    )
    said = "is missing" if is_missing(row[column]) else f"is {row[column][:40]!r}, which is no number"
    return InvalidData(
        f"{name}: {rows.names[column]} of row {number} {said}.",
        remedy="Each row needs a number in each column and a label; fill in or remove the others.",
        path=name,
        row=number,
        field=rows.names[column],
    )


def _narrow(pixels: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Whole numbers from 0 to 255 are what a uint8 holds."""
    narrow = pixels.astype(np.uint8) if pixels.min() >= 0 and pixels.max() <= 255 else pixels
    return narrow if np.array_equal(narrow, pixels) else pixels


def _labels(texts: Sequence[str]) -> tuple[Labels, tuple[str, ...] | None]:
    """Return the classes as numbers, and their names where they are no numbers."""
    numbers = [as_number(text) for text in texts]
    whole = [int(number) for number in numbers if number is not None and number.is_integer() and abs(number) < 2**63]
    if len(whole) == len(texts):
        return np.array(whole, np.int64), None
    names, codes = np.unique(np.array(texts), return_inverse=True)
    return codes.astype(np.int64), tuple(str(each) for each in names)
