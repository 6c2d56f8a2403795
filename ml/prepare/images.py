"""Prepares images. What comes out is an .npz file with the arrays of each part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ml.data import Parts, divide, load_dataset
from ml.data.dataset import Dataset
from ml.errors import InvalidData
from ml.job import DataFile
from ml.prepare.document import PreparationDocument
from ml.steps import preprocess, preprocessing_layers
from trainshed.specs import PreprocessSpec

FILE_NAME = "prepared.npz"
_NAMES = {"train": "train", "validation": "val", "test": "test"}


def prepare_images(
    spec: PreprocessSpec, path: Path, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]
) -> PreparationDocument:
    """Write the prepared images. Raises `InvalidData`."""
    dataset = load_dataset(spec.data, roots=roots, files=files)
    parts = divide(dataset, spec.data.split)
    _refuse_no_test(parts, dataset)
    layers = preprocessing_layers(spec.preprocess, dataset.images, parts.train)
    arrays: dict[str, Any] = {"class_names": np.array(dataset.class_names)}
    for name, short in _NAMES.items():
        rows = parts.rows(name)
        if len(rows):
            suffix = f"_{short}" if len(parts.test) else ""
            arrays[f"x{suffix}"] = preprocess(layers, dataset.images[rows]) if layers else dataset.images[rows]
            arrays[f"y{suffix}"] = dataset.labels[rows]
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return PreparationDocument(
        source=dataset.source,
        source_digest=dataset.digest,
        file=FILE_NAME,
        preprocess=tuple(step.model_dump(mode="json") for step in spec.preprocess),
        counts=parts.counts,
        left_out=dict(dataset.dropped),
    )


def _refuse_no_test(parts: Parts, dataset: Dataset) -> None:
    if len(parts.validation) and not len(parts.test):
        raise InvalidData(
            f"{dataset.source} has a validation part and no test part, and an .npz file cannot say so.",
            remedy="Set data.split.test above 0, or data.split.validation to 0.",
            path=dataset.source,
            field="data.split",
        )
