"""Profiles an .npz file, or the arrays of a dataset that comes with Trainshed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data import npz
from ml.data.dataset import Dataset
from ml.data.files import DataSource
from ml.data.npz_headers import read_headers
from ml.data.zips import opened_zip
from ml.errors import InvalidData
from ml.profile.copies import MOST_ROWS, Copies
from ml.profile.document import (
    MOST_CLASSES,
    MOST_FIELDS,
    ClassCount,
    FieldProfile,
    LabelProfile,
    ProfileDocument,
    as_name,
)
from ml.profile.findings import first_problems, of_copies, of_field, of_labels
from ml.profile.numbers import profile_array
from trainshed.specs import Clean

_Array = npt.NDArray[Any]


def profile_npz(source: DataSource) -> ProfileDocument | None:
    """Look into all arrays of a file; None where it is no .npz. Raises `InvalidData` for one that cannot be read."""
    with opened_zip(source) as archive:
        if not npz.is_npz(archive):
            return None
        headers = read_headers(archive, source.name)
        npz.refuse_harm(list(headers.values()), source.name)
        arrays = {name: npz.read_array(archive, name) for name in headers}
    return profile_arrays(arrays, source.name, format_="npz", size=size_of(source.file), more=_refusal(arrays, source))


def profile_dataset(dataset: Dataset, *, size: int | None) -> ProfileDocument:
    """Look into a dataset part by part."""
    ends = {"train": dataset.held_out_from, "validation": dataset.own_test_from, "test": None}
    starts = {"train": 0, "validation": dataset.own_validation_from, "test": dataset.own_test_from}
    arrays: dict[str, _Array] = {}
    for name, start in starts.items():
        if start is not None:
            end = ends[name]
            suffix = "" if dataset.held_out_from is None else f"_{name}"
            arrays[f"x{suffix}"], arrays[f"y{suffix}"] = dataset.images[start:end], dataset.labels[start:end]
    return profile_arrays(arrays, dataset.source, format_=dataset.format, size=size)


def size_of(file: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    files = file.rglob("*") if file.is_dir() else [file]
    return sum(each.lstat().st_size for each in files if each.is_file())


def profile_arrays(
    arrays: Mapping[str, _Array], name: str, *, format_: str, size: int | None, more: tuple[str, ...] = ()
) -> ProfileDocument:
    """Look into arrays by name. `more` are problems that are known already."""
    if not arrays:
        raise InvalidData(f"{name} holds no arrays.", remedy="Write x and y with numpy.savez.", path=name)
    layout = npz.layout_in(arrays) or ()
    pairs = [(arrays[layout[at]], arrays[layout[at + 1]]) for at in range(0, len(layout), 2)]
    fields = [profile_array(each, array) for each, array in arrays.items()]
    labels = _labels(layout[1], arrays[layout[1]]) if layout else None
    rows = sum(_rows(x) for x, _ in pairs) if pairs else max(map(_rows, arrays.values()))
    copies, leaked = _copies(pairs) if rows <= MOST_ROWS else (None, 0)
    return ProfileDocument(
        source=name,
        format=format_,
        size=size,
        rows=rows,
        fields=tuple(fields[:MOST_FIELDS]),
        field_count=len(fields),
        labels=labels,
        duplicates=copies.duplicates if copies else None,
        problems=tuple(first_problems(_problems(more, fields, labels, copies, leaked))),
    )


def _refusal(arrays: Mapping[str, _Array], source: DataSource) -> tuple[str, ...]:
    """What a job that trains on the file would say."""
    if npz.layout_in(arrays) is None:
        return ("It holds neither x and y nor x_train, y_train, x_test and y_test, so no job can train on it.",)
    try:
        npz.as_dataset(arrays, source, Clean())
    except InvalidData as error:
        return (f"The image family cannot train on it: {error.detail} {error.remedy}",)
    return ()


def _problems(
    more: tuple[str, ...],
    fields: list[FieldProfile],
    labels: LabelProfile | None,
    copies: Copies | None,
    leaked: int,
) -> Iterator[str]:
    yield from more
    for field in fields:
        yield from of_field(field)
    yield from of_labels(labels, sum(each.count for each in labels.classes) if labels else 0)
    if leaked:
        yield f"{leaked} rows of x_test are in x_train too: what is measured on them is too good."
    if copies is not None:
        yield from of_copies(copies)


def _rows(array: _Array) -> int:
    return len(array) if array.ndim else 1


def _labels(name: str, array: _Array) -> LabelProfile | None:
    """Classes are whole numbers or texts; anything else is no label."""
    if array.ndim != 1 or array.dtype.kind not in "biuUS" or not array.size:
        return None
    values, counts = np.unique(array, return_counts=True)
    listed = zip(values[:MOST_CLASSES].tolist(), counts[:MOST_CLASSES].tolist(), strict=True)
    classes = tuple(ClassCount(label=as_name(str(value)), count=count) for value, count in listed)
    return LabelProfile(field=as_name(name), class_count=len(values), classes=classes)


def _copies(pairs: list[tuple[_Array, _Array]]) -> tuple[Copies | None, int]:
    """Return the copies within the data that is trained on, and how many rows of its test part are there, too."""
    if not pairs or any(_rows(x) != _rows(y) or not x.ndim or not y.ndim for x, y in pairs):
        return None, 0
    copies = Copies()
    for content, label in zip(*pairs[0], strict=True):
        copies.add(content.tobytes(), label.tobytes())
    leaked = copies.known(row.tobytes() for row in pairs[1][0]) if len(pairs) > 1 else 0
    return copies, leaked
