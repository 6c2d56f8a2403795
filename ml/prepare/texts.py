"""Prepares texts. What comes out is a .csv file: the part of each text, the text, and its class."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ml.data import Parts, divide
from ml.data.fields import is_missing
from ml.data.parts import SPLIT
from ml.errors import InvalidData
from ml.job import DataFile
from ml.prepare.document import PreparationDocument
from ml.prepare.parts import by_part
from ml.texts import TextSet, clean_texts, load_texts
from trainshed.specs import PreprocessSpec

FILE_NAME = "prepared.csv"


def prepare_texts(
    spec: PreprocessSpec, path: Path, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]
) -> PreparationDocument:
    """Write the prepared texts, without those of which a step leaves nothing. Raises `InvalidData`."""
    texts = load_texts(spec.data, roots=roots, files=files)
    parts = divide(texts, spec.data.split)
    made = clean_texts(spec.preprocess, texts.texts)
    there = np.array([not is_missing(text) for text in made], np.bool_)
    kept = {name: rows[there[rows]] for name in ("train", "validation", "test") for rows in (parts.rows(name),)}
    if not len(kept["train"]):
        raise InvalidData(
            f"{texts.source}: the steps leave nothing of any text of the train part.",
            remedy="Leave out the step that takes most away, such as strip_markup.",
            path=texts.source,
            field="preprocess",
        )
    _write(path, texts, parts, kept, made)
    empty = int(np.count_nonzero(~there))
    return PreparationDocument(
        source=texts.source,
        source_digest=texts.digest,
        file=FILE_NAME,
        preprocess=tuple(step.model_dump(mode="json") for step in spec.preprocess),
        counts={name: len(rows) for name, rows in kept.items()},
        left_out={**texts.dropped, **({"empty": empty} if empty else {})},
    )


def _write(
    path: Path,
    texts: TextSet,
    parts: Parts,
    kept: Mapping[str, np.ndarray[tuple[int], np.dtype[np.int64]]],
    made: list[str],
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([SPLIT, "text", "label"])
        for part, row in by_part(parts, kept):
            writer.writerow([part, made[row], texts.class_names[texts.labels[row]]])
