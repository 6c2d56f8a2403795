"""Adds to a profile what only images have: those of one colour, copies across parts, and pictures to look at."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from ml.data.cleaning import constant_images
from ml.data.copies import copies_across, first_equal
from ml.data.dataset import Dataset
from ml.profile.about import about, copies_found, split_rule
from ml.profile.document import PartProfile, PictureFile, ProfileDocument, as_name
from ml.profile.findings import first_problems
from ml.profile.sheets import overview, sheets
from ml.workspace import Workspace

_MOST_PREVIEW_BYTES: Final = 96 << 10
"""The whole document is kept with the version of the dataset, and that has room for 256 KiB."""


def with_pictures(document: ProfileDocument, dataset: Dataset, workspace: Workspace) -> ProfileDocument:
    """Return the document with what is seen in the images; writes a contact sheet for each class."""
    across = copies_across(first_equal(dataset.images), _rows_of_parts(dataset))
    constant = int(np.count_nonzero(constant_images(dataset)))
    problems = [*document.problems, *_problems(dataset, constant, across)]
    preview = overview(dataset)
    return document.model_copy(
        update={
            "parts": tuple(_parts(dataset)),
            **about(dataset),
            "split_rule": split_rule([name for name in _rows_of_parts(dataset) if name != "train"]),
            "constant_images": constant,
            "copies_across_parts": sum(across.values()),
            "pictures": tuple(_written(dataset, workspace)),
            "preview": base64.b64encode(preview).decode() if len(preview) <= _MOST_PREVIEW_BYTES else None,
            "problems": tuple(first_problems(iter(problems))),
        }
    )


def _rows_of_parts(dataset: Dataset) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    rows = np.arange(len(dataset.labels), dtype=np.int64)
    found = {"train": rows[: dataset.held_out_from]}
    if dataset.own_validation_from is not None:
        found["validation"] = rows[dataset.own_validation_from : dataset.own_test_from]
    if dataset.own_test_from is not None:
        found["test"] = rows[dataset.own_test_from :]
    return found


def _parts(dataset: Dataset) -> Iterator[PartProfile]:
    for name, rows in _rows_of_parts(dataset).items():
        members = np.bincount(dataset.labels[rows], minlength=dataset.n_classes)
        yield PartProfile(name=name, rows=len(rows), class_counts=tuple(int(count) for count in members[:200]))


def _problems(dataset: Dataset, constant: int, across: dict[tuple[str, str], int]) -> Iterator[str]:
    yield from copies_found(across, "images", "Set data.clean.duplicates to drop.")
    if constant:
        said = "1 image has" if constant == 1 else f"{constant:,} images have"
        yield f"{said} one colour and nothing else. Set data.clean.constant to drop."
    if dataset.synthetic:
        yield "The data are synthetic: results on them say nothing about the world."


def _written(dataset: Dataset, workspace: Workspace) -> Iterator[PictureFile]:
    for number, content in sheets(dataset):
        name = dataset.class_names[number]
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40]
        path = f"pictures/{number:03d}-{safe}.png" if safe else f"pictures/{number:03d}.png"
        with workspace.publishing(path) as draft:
            draft.write_bytes(content)
        yield PictureFile(label=as_name(name), path=path)
