"""CIFAR-10 in its binary form: the bytes of its format, and what each broken file is answered with."""

from __future__ import annotations

import numpy as np
import pytest

from ml.data.cifar import CLASSES
from ml.data.cifar_writer import write_batches
from ml.data.synthetic_shapes import synthetic_images
from ml.errors import InvalidData
from tests.ml.made_files import load, write_folder, write_tar, write_zip

RANDOM = np.random.Generator(np.random.PCG64(2))
LABELS = np.arange(20, dtype=np.uint8) % 10
PLANES = RANDOM.integers(0, 256, (20, 3, 32, 32), np.uint8)
IMAGES = PLANES.transpose(0, 2, 3, 1)
NAMES = "\n".join(CLASSES).encode() + b"\n\n"


def batch(rows: slice = slice(None)) -> bytes:
    """Return records as the format's description has them: a label, then 1,024 bytes each of red, green and blue."""
    return b"".join(bytes([label]) + planes.tobytes() for label, planes in zip(LABELS[rows], PLANES[rows], strict=True))


DIVIDED = {
    "data_batch_2.bin": batch(slice(10, 16)),
    "data_batch_1.bin": batch(slice(0, 10)),
    "test_batch.bin": batch(slice(16, 20)),
    "batches.meta.txt": NAMES,
    "readme.html": b"<HTML>",
}


@pytest.mark.parametrize("form", ["folder", "zip", "tar.gz"])
def test_batches_come_in_the_order_of_their_numbers_and_the_test_batch_last(tmp_path, form):
    files = {f"cifar-10-batches-bin/{name}": content for name, content in DIVIDED.items()}
    write = {"folder": write_folder, "zip": write_zip, "tar.gz": write_tar}[form]
    dataset = load(write(tmp_path / "cifar", files))
    np.testing.assert_array_equal(dataset.images, IMAGES)
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert (dataset.own_test_from, dataset.class_names, dataset.format) == (16, CLASSES, "cifar10-binary")


def test_an_archive_as_large_and_laid_out_as_the_published_one_is_read_whole(tmp_path):
    files = {}
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    for first, name in zip(range(0, 60_000, 10_000), names, strict=True):
        rows = np.arange(first, first + 10_000)
        records = np.repeat((rows // 256).astype(np.uint8)[:, None], 3073, axis=1)
        records[:, 0], records[:, 1], records[:, 3072] = rows % 10, rows % 256, 7
        files[f"cifar-10-batches-bin/{name}"] = records.tobytes()
    assert {len(content) for content in files.values()} == {30_730_000}
    files |= {"cifar-10-batches-bin/batches.meta.txt": NAMES, "cifar-10-batches-bin/readme.html": b"<HTML>"}
    dataset = load(write_tar(tmp_path / "cifar-10-binary.tar", files, mode="w"))
    rows = np.arange(60_000)
    assert (dataset.images.shape, dataset.own_test_from) == ((60_000, 32, 32, 3), 50_000)
    np.testing.assert_array_equal(dataset.labels, rows % 10)
    np.testing.assert_array_equal(dataset.images[:, 0, 0, 0], rows % 256)
    np.testing.assert_array_equal(dataset.images[:, 0, 0, 1], rows // 256)
    np.testing.assert_array_equal(dataset.images[:, 31, 31, 2], 7)


def test_one_batch_is_data_that_is_still_to_be_divided(tmp_path):
    path = tmp_path / "data_batch_1"
    path.write_bytes(batch())
    dataset = load(path)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert (dataset.own_test_from, dataset.class_names) == (None, CLASSES)


def test_what_the_writer_writes_is_the_format(tmp_path):
    write_batches(tmp_path / "d", (IMAGES[:16], LABELS[:16]), (IMAGES[16:], LABELS[16:]), CLASSES)
    written = b"".join((tmp_path / "d" / f"data_batch_{number}.bin").read_bytes() for number in range(1, 6))
    assert written == batch(slice(0, 16))
    assert (tmp_path / "d" / "test_batch.bin").read_bytes() == batch(slice(16, 20))


def test_synthetic_images_are_a_pure_function_of_the_seed():
    first, second = (synthetic_images(1100, seed=3) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0][:100], synthetic_images(100, seed=4)[0])
    assert not np.array_equal(first[0][:100], synthetic_images(100, seed=3, part=1)[0])


def test_what_the_folder_says_of_itself_goes_with_the_data(tmp_path):
    about = b'{"synthetic": true, "provenance": "made", "licence": "CC0"}'
    dataset = load(write_folder(tmp_path / "d", {**DIVIDED, "dataset.json": about}))
    assert (dataset.synthetic, dataset.provenance, dataset.licence) == (True, "made", "CC0")


HOSTILE = {
    "empty batch": ({"data_batch_1.bin": b""}, "data_batch_1.bin is empty"),
    "one byte short": ({"data_batch_1.bin": batch()[:-1]}, "record 19 is cut short"),
    "one byte long": ({"data_batch_1.bin": batch() + b"\0"}, "record 20 is cut short"),
    "a single byte": ({"data_batch_1.bin": b"\0"}, "record 0 is cut short"),
    "grey records": ({"data_batch_1.bin": bytes(1025 * 4)}, "is cut short"),
    "CIFAR-100 records": ({"train.bin": bytes(3074 * 3)}, "is cut short"),
    "text": ({"data_batch_1.bin": b"label,pixels\n"}, "is cut short"),
    "label of no class": ({"data_batch_1.bin": bytes([10]) + batch()[1:]}, "[0] is 10"),
    "label 255": ({"data_batch_1.bin": batch()[:3073] + b"\xff" + batch()[3074:]}, "[1] is 255"),
    "label of no class in test": ({**DIVIDED, "test_batch.bin": b"\x0b" + batch(slice(0, 4))[1:]}, "[0] is 11"),
    "one class": ({"data_batch_1.bin": batch(slice(3, 4)) * 5}, "all labels in"),
    "a class without examples": ({"data_batch_1.bin": batch(slice(0, 9))}, "no example of class truck"),
    "a class in test alone": (
        {"data_batch_1.bin": batch(slice(0, 9)), "test_batch.bin": batch()},
        "no example of class truck",
    ),
    "one name": ({**DIVIDED, "batches.meta.txt": b"cat\n"}, "names 1 classes"),
    "no names": ({**DIVIDED, "batches.meta.txt": b"\n\n"}, "names 0 classes"),
    "a name twice": ({**DIVIDED, "batches.meta.txt": b"cat\ncat\n"}, "names 2 classes"),
    "too many names": ({**DIVIDED, "batches.meta.txt": b"".join(b"%d\n" % n for n in range(300))}, "names 300 classes"),
    "names that are no text": ({**DIVIDED, "batches.meta.txt": b"\xff\xfe\n"}, "is not UTF-8"),
    "fewer names than classes": ({**DIVIDED, "batches.meta.txt": b"cat\ndog\n"}, "[2] is 2"),
    "more names than classes": ({**DIVIDED, "batches.meta.txt": NAMES + b"extra\n"}, "no example of class extra"),
    "a card that is no JSON": ({**DIVIDED, "dataset.json": b"{"}, "dataset.json: the document"),
    "a card with an unknown field": ({**DIVIDED, "dataset.json": b'{"x": 1}'}, "dataset.json: x"),
    "pickles in their place": ({"data_batch_1.bin": b"\x80\x02}q\0."}, "data_batch_1.bin"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_batch_is_named_with_what_to_do(tmp_path, name):
    files, says = HOSTILE[name]
    path = write_folder(tmp_path / "d", files)
    with pytest.raises(InvalidData) as caught:
        load(path)
    assert says in caught.value.detail, caught.value.detail
    assert str(path) in caught.value.detail
    assert caught.value.remedy


def test_a_single_file_that_is_cut_short_is_still_known_by_its_name(tmp_path):
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(batch()[:-5])
    with pytest.raises(InvalidData, match="record 19 is cut short"):
        load(path)
