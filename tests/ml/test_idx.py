"""The idx files of MNIST: what is read from a folder, a zip and a tar, and what each broken one is answered with."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from ml.errors import InvalidData
from tests.ml.made_files import idx, load, mnist, write_folder, write_tar, write_zip

RANDOM = np.random.Generator(np.random.PCG64(1))
X = RANDOM.integers(0, 256, (6, 5, 4), np.uint8)
Y = np.array([0, 1, 2, 0, 1, 2], np.uint8)
X2 = RANDOM.integers(0, 256, (3, 5, 4), np.uint8)
Y2 = np.array([2, 1, 0], np.uint8)
BOTH = {"train": (X, Y), "t10k": (X2, Y2)}
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("form", ["folder", "zip", "tar", "tar.gz"])
def test_the_four_files_are_one_dataset_in_every_wrapping(tmp_path, form, zipped):
    files = {f"fashion/{name}": content for name, content in mnist(BOTH, zipped=zipped).items()}
    match form:
        case "folder":
            path = write_folder(tmp_path / "data", files)
        case "zip":
            path = write_zip(tmp_path / "data", files)
        case _:
            path = write_tar(tmp_path / "data", files, mode="w:gz" if form == "tar.gz" else "w")
    dataset = load(path)
    np.testing.assert_array_equal(dataset.images[..., 0], np.concatenate([X, X2]))
    np.testing.assert_array_equal(dataset.labels, [*Y, *Y2])
    assert (dataset.own_test_from, dataset.format, dataset.class_names) == (6, "idx", ("0", "1", "2"))


def test_one_pair_is_data_that_is_still_to_be_divided(tmp_path):
    dataset = load(write_folder(tmp_path / "d", mnist({"t10k": (X, Y)})))
    assert (len(dataset.labels), dataset.own_test_from) == (6, None)


def test_wider_pixels_lose_their_byte_order_and_keep_their_values(tmp_path):
    floats = X.astype(np.float32) / 7
    dataset = load(write_folder(tmp_path / "d", {IMAGES: idx(floats), LABELS: idx(Y.astype(np.int32))}))
    np.testing.assert_array_equal(dataset.images[..., 0], floats)
    assert dataset.images.dtype == np.float32


def test_classes_have_the_names_that_dataset_json_gives_them(tmp_path):
    names = b'{"classes": ["shirt", "boot", "bag"]}'
    dataset = load(write_folder(tmp_path / "d", {**mnist(BOTH), "dataset.json": names}))
    assert dataset.class_names == ("shirt", "boot", "bag")


HOSTILE = {
    "images without labels": ({IMAGES: idx(X)}, "no file holds their labels"),
    "labels without images": ({LABELS: idx(Y)}, "no file holds their images"),
    "test labels missing": ({**mnist(BOTH), "t10k-labels-idx1-ubyte.gz": b""}, "is no idx file"),
    "two of one role": ({IMAGES: idx(X), "train-images-2-idx3-ubyte": idx(X), LABELS: idx(Y)}, "and so does"),
    "cut short": ({IMAGES: idx(X)[:-1], LABELS: idx(Y)}, "is too short"),
    "cut within its header": ({IMAGES: idx(X)[:9], LABELS: idx(Y)}, "ends within its header"),
    "too long": ({IMAGES: idx(X) + b"\0", LABELS: idx(Y)}, "goes on after the 120 bytes"),
    "empty": ({IMAGES: b"", LABELS: idx(Y)}, "is no idx file"),
    "wrong magic": ({IMAGES: b"\1" + idx(X)[1:], LABELS: idx(Y)}, "is no idx file"),
    "unknown type": ({IMAGES: b"\0\0\x0a" + idx(X)[3:], LABELS: idx(Y)}, "is no idx file"),
    "no dimensions": ({IMAGES: b"\0\0\x08\0", LABELS: idx(Y)}, "is no idx file"),
    "huge declared shape": ({IMAGES: idx(X, shape=(2**31, 2**20, 2**10)), LABELS: idx(Y)}, "is the limit"),
    "large declared shape": ({IMAGES: idx(X, shape=(2**20, 32, 32)), LABELS: idx(Y)}, "is too short"),
    "gzip that lies": ({IMAGES: gzip.compress(idx(X, shape=(2**20, 32, 32))), LABELS: idx(Y)}, "is too short"),
    "gzip bomb": ({IMAGES: gzip.compress(idx(X) + bytes(10**7)), LABELS: idx(Y)}, "goes on after the 120 bytes"),
    "gzip cut short": ({IMAGES: gzip.compress(idx(X))[:-20], LABELS: idx(Y)}, "cannot be inflated"),
    "gzip damaged": ({IMAGES: gzip.compress(idx(X))[:-8] + bytes(8), LABELS: idx(Y)}, "cannot be inflated"),
    "gzip of garbage": ({IMAGES: b"\x1f\x8b" + bytes(30), LABELS: idx(Y)}, "cannot be inflated"),
    "two dimensions": ({IMAGES: idx(X[0]), LABELS: idx(Y)}, "neither images nor labels"),
    "zero images": ({IMAGES: idx(X[:0]), LABELS: idx(Y[:0])}, "is empty"),
    "unequal lengths": ({IMAGES: idx(X), LABELS: idx(Y[:5])}, "6 examples and"),
    "one class": ({IMAGES: idx(X), LABELS: idx(Y * 0)}, "all labels in"),
    "a gap in the classes": ({IMAGES: idx(X), LABELS: idx(Y * 2)}, "no example of class 1"),
    "a negative label": ({IMAGES: idx(X), LABELS: idx(Y.astype(np.int8) - 1)}, "[0] is -1"),
    "labels that are no numbers": ({IMAGES: idx(X), LABELS: idx(Y.astype(np.float32))}, "has the dtype float32"),
    "pixels of a wrong type": ({IMAGES: idx(X.astype(np.int32)), LABELS: idx(Y)}, "has the dtype int32"),
    "a pixel that is NaN": ({IMAGES: idx(np.where(X[3, 0, 0] == X, np.nan, X)), LABELS: idx(Y)}, "is nan"),
    "a label of the test part alone": (mnist({"train": (X, Y), "t10k": (X2, Y2 + 1)}), "[0] is 3"),
    "a test part of another size": (mnist({"train": (X, Y), "t10k": (X2[:, :4], Y2)}), "images of (4, 4, 1)"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_file_is_named_with_what_to_do(tmp_path, name):
    files, says = HOSTILE[name]
    path = write_folder(tmp_path / "d", files)
    with pytest.raises(InvalidData) as caught:
        load(path)
    assert says in caught.value.detail, caught.value.detail
    assert str(path) in caught.value.detail
    assert caught.value.remedy
