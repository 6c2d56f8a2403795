"""Profiles an .npz file, or the arrays of a dataset that comes with Trainshed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def profile_npz(source: DataSource) -> tuple[ProfileDocument, Dataset | None] | None:
    """Look into all arrays of a file, and return the dataset if they are one. None where the file is no .npz.

    Raises `InvalidData` for one that cannot be read.
    """
    with opened_zip(source) as archive:
        if not npz.is_npz(archive):
            return None
        headers = read_headers(archive, source.name)
        npz.refuse_harm(list(headers.values()), source.name)
        arrays = {name: npz.read_array(archive, name) for name in headers}
    dataset, refusal = _as_dataset(arrays, source)
    layout = npz.layout_in(arrays) or ()
    pairs = [(layout[at], layout[at + 1]) for at in range(0, len(layout), 2)]
    return _profile(arrays, pairs, source.name, format_="npz", size=source.size, more=refusal), dataset


def profile_dataset(dataset: Dataset, *, size: int | None) -> ProfileDocument:
    """Look into a dataset part by part."""
    ends = {"train": dataset.held_out_from, "validation": dataset.own_test_from, "test": None}
    starts = {"train": 0, "validation": dataset.own_validation_from, "test": dataset.own_test_from}
    arrays: dict[str, _Array] = {}
    for name, start in starts.items():
        if start is not None:
            suffix = "" if dataset.held_out_from is None else f"_{name}"
            arrays[f"x{suffix}"] = dataset.images[start : ends[name]]
            arrays[f"y{suffix}"] = dataset.labels[start : ends[name]]
    pairs = [(name, f"y{name[1:]}") for name in arrays if name.startswith("x")]
    document = _profile(arrays, pairs, dataset.source, format_=dataset.format, size=size)
    return document.model_copy(update={"labels": _named(document.labels, dataset)})


def _named(labels: LabelProfile | None, dataset: Dataset) -> LabelProfile | None:
    """Return the classes with their names in the place of their numbers."""
    if labels is None:
        return None
    classes = tuple(
        ClassCount(label=as_name(dataset.class_names[int(each.label)]), count=each.count) for each in labels.classes
    )
    return labels.model_copy(update={"classes": classes})


def _profile(
    arrays: Mapping[str, _Array],
    pairs: Sequence[tuple[str, str]],
    name: str,
    *,
    format_: str,
    size: int | None,
    more: tuple[str, ...] = (),
) -> ProfileDocument:
    """Look into arrays by name; `pairs` name images and labels, those to train on first. `more` are known problems."""
    if not arrays:
        raise InvalidData(f"{name} holds no arrays.", remedy="Write x and y with numpy.savez.", path=name)
    fields = [profile_array(each, array) for each, array in arrays.items()]
    labels = _labels(pairs[0][1], arrays[pairs[0][1]]) if pairs else None
    rows = sum(_rows(arrays[x]) for x, _ in pairs) if pairs else max(map(_rows, arrays.values()))
    copies = _copies([(arrays[x], arrays[y]) for x, y in pairs]) if rows <= MOST_ROWS else None
    return ProfileDocument(
        source=name,
        format=format_,
        size=size,
        rows=rows,
        fields=tuple(fields[:MOST_FIELDS]),
        field_count=len(fields),
        labels=labels,
        duplicates=copies.duplicates if copies else None,
        problems=tuple(first_problems(_problems(more, fields, labels, copies))),
    )


def _as_dataset(arrays: Mapping[str, _Array], source: DataSource) -> tuple[Dataset | None, tuple[str, ...]]:
    """Return the dataset that a job would train on, or what such a job would say."""
    if npz.layout_in(arrays) is None:
        return None, ("It holds neither x and y nor x_train, y_train, x_test and y_test, so no job can train on it.",)
    try:
        return npz.as_dataset(arrays, source, Clean()), ()
    except InvalidData as error:
        return None, (f"The image family cannot train on it: {error.detail} {error.remedy}",)


def _problems(
    more: tuple[str, ...],
    fields: list[FieldProfile],
    labels: LabelProfile | None,
    copies: Copies | None,
) -> Iterator[str]:
    yield from more
    for field in fields:
        yield from of_field(field)
    yield from of_labels(labels, sum(each.count for each in labels.classes) if labels else 0)
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


def _copies(pairs: list[tuple[_Array, _Array]]) -> Copies | None:
    """Return the copies within the data that is trained on."""
    if not pairs or any(_rows(x) != _rows(y) or not x.ndim or not y.ndim for x, y in pairs):
        return None
    copies = Copies()
    for content, label in zip(*pairs[0], strict=True):
        copies.add(content.tobytes(), label.tobytes())
    return copies
