"""The same images as CIFAR-10 binary, as CIFAR-10 python and as folders of PNG give the same arrays, byte by byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data import Dataset
from ml.data.cifar import CLASSES
from ml.data.cifar_writer import write_batches
from ml.data.synthetic_shapes import synthetic_images
from tests.ml.made_files import load, png_files, python_batches, write_folder, write_tar, write_zip

TRAIN = synthetic_images(100, seed=5)
TEST = synthetic_images(20, seed=5, part=1)


def by_class(dataset: Dataset) -> Dataset:
    """Put the rows of each part into the order of their classes, which is the order of folders."""
    end = dataset.own_test_from or 0
    order = np.concatenate(
        [np.argsort(dataset.labels[:end], kind="stable"), end + np.argsort(dataset.labels[end:], kind="stable")]
    )
    return replace(dataset, images=dataset.images[order], labels=dataset.labels[order], digest="")


def binary(tmp_path: Path) -> Dataset:
    write_batches(tmp_path / "binary", TRAIN, TEST, CLASSES)
    return load(tmp_path / "binary")


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_python_and_binary_form_are_equal(tmp_path, protocol):
    first, second = (
        binary(tmp_path),
        load(write_tar(tmp_path / "python.tar.gz", python_batches(TRAIN, TEST, protocol=protocol))),
    )
    assert (second.format, second.digest) == ("cifar10-python", first.digest)
    np.testing.assert_array_equal(second.images, first.images)
    np.testing.assert_array_equal(first.images, np.concatenate([TRAIN[0], TEST[0]]))
    assert (second.class_names, second.own_test_from) == (first.class_names, 100)


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_pictures_and_binary_form_are_equal(tmp_path, form):
    write = {"folder": write_folder, "zip": write_zip, "tar": write_tar}[form]
    first, second = by_class(binary(tmp_path)), load(write(tmp_path / "pictures", png_files(TRAIN, TEST)))
    assert (second.format, second.digest) == ("pictures", first.digest)
    np.testing.assert_array_equal(second.images, first.images)
    assert (second.class_names, second.own_test_from) == (CLASSES, 100)
