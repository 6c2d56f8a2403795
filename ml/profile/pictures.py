"""Adds to a profile what only images have: those of one colour, copies across parts, and pictures to look at."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import numpy as np

from ml.data.cleaning import constant_images
from ml.data.copies import copies_across, first_equal
from ml.data.dataset import Dataset
from ml.profile.about import about, copies_found, split_rule
from ml.profile.document import MOST_PREVIEW_BYTES, PartProfile, PictureFile, ProfileDocument, as_name
from ml.profile.findings import first_problems
from ml.profile.held_out import held_out_parts, rows_of_parts
from ml.profile.sheets import overview, sheets
from ml.workspace import Workspace


def with_pictures(document: ProfileDocument, dataset: Dataset, workspace: Workspace) -> ProfileDocument:
    """Return the document with what is seen in the images; writes a contact sheet for each class."""
    across = copies_across(first_equal(dataset.images), rows_of_parts(dataset, len(dataset.labels)))
    constant = int(np.count_nonzero(constant_images(dataset)))
    problems = [*document.problems, *_problems(dataset, constant, across)]
    preview = overview(dataset)
    return document.model_copy(
        update={
            "parts": tuple(_parts(dataset)),
            **about(dataset),
            "split_rule": split_rule(held_out_parts(dataset)),
            "constant_images": constant,
            "copies_across_parts": sum(across.values()),
            "pictures": tuple(_written(dataset, workspace)),
            "preview": base64.b64encode(preview).decode() if len(preview) <= MOST_PREVIEW_BYTES else None,
            "problems": tuple(first_problems(iter(problems))),
        }
    )


def file_name(number: int, name: str) -> str:
    """Return where the sheet of a class is written."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40]
    return f"pictures/{number:03d}-{safe}.png" if safe else f"pictures/{number:03d}.png"


def _parts(dataset: Dataset) -> Iterator[PartProfile]:
    for name, rows in rows_of_parts(dataset, len(dataset.labels)).items():
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
        path = file_name(number, name)
        with workspace.publishing(path) as draft:
            draft.write_bytes(content)
        yield PictureFile(label=as_name(name), path=path)
