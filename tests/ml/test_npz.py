"""`data.path`: what is read, and that each way of being wrong is an InvalidData which names place and remedy."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data import Dataset, load_dataset, npz, npz_headers
from ml.errors import InvalidData
from trainshed.specs import Data

X = np.arange(4 * 3 * 2, dtype=np.uint8).reshape(4, 3, 2)
Y = np.array([0, 1, 0, 1])


def load(path: str, *, roots: tuple[Path, ...]) -> Dataset:
    return load_dataset(Data(path=path), roots=roots)


def refused(path: Path, root: Path) -> InvalidData:
    with pytest.raises(InvalidData) as caught:
        load(str(path), roots=(root,))
    assert str(path) in caught.value.detail
    assert caught.value.remedy
    return caught.value


def npy(header: dict[str, Any], data: bytes = b"") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + data


def test_images_without_channels_get_one_and_labels_become_int64(tmp_path, write_npz):
    dataset = load(str(write_npz(x=X, y=Y.astype(np.int8))), roots=(tmp_path,))
    assert dataset.images.shape == (4, 3, 2, 1)
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.dtype == np.int64
    assert dataset.class_names == ("0", "1")
    assert dataset.own_test_from is None


def test_float_images_of_any_width_become_float32(tmp_path, write_npz):
    for dtype in (np.float16, np.float32, np.float64):
        assert load(str(write_npz(x=X.astype(dtype), y=Y)), roots=(tmp_path,)).images.dtype == np.float32


def test_the_test_part_of_a_divided_file_comes_last(tmp_path, write_npz):
    path = write_npz(x_train=X, y_train=Y, x_test=X[:2] + 100, y_test=Y[:2])
    dataset = load(str(path), roots=(tmp_path,))
    assert dataset.own_test_from == 4
    np.testing.assert_array_equal(dataset.images[4:, ..., 0], X[:2] + 100)


def test_the_digest_follows_the_content_and_not_the_file(tmp_path, write_npz):
    first = load(str(write_npz(x=X, y=Y)), roots=(tmp_path,)).digest
    compressed = tmp_path / "other.npz"
    np.savez_compressed(compressed, x=X, y=Y)
    assert load(str(compressed), roots=(tmp_path,)).digest == first
    assert load(str(write_npz(x=X, y=1 - Y)), roots=(tmp_path,)).digest != first
    assert load(str(write_npz(x=X.reshape(4, 2, 3), y=Y)), roots=(tmp_path,)).digest != first


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": X}, "holds x."),
        ({"x_train": X, "y_train": Y}, "holds x_train, y_train"),
        ({"x": X, "y": Y[:3]}, "x has 4 examples and y has 3 labels"),
        ({"x": X[:0], "y": Y[:0]}, "x is empty"),
        ({"x": X[0], "y": Y}, "x has the shape (3, 2)"),
        ({"x": X.reshape(4, 1, 1, 6), "y": Y}, "x has the shape (4, 1, 1, 6)"),
        ({"x": X.astype(str), "y": Y}, "x has the dtype <U3"),
        ({"x": X.astype(complex), "y": Y}, "x has the dtype complex128"),
        ({"x": X.astype(np.int64), "y": Y}, "x has the dtype int64"),
        ({"x": np.where(X == 13, np.nan, X), "y": Y}, "x[2, 0, 1, 0] is nan"),
        ({"x": np.where(X == 6, 1e300, X), "y": Y}, "x[1, 0, 0, 0] is inf"),
        ({"x": X, "y": Y.astype(float)}, "y has the dtype float64"),
        ({"x": X, "y": np.eye(4, dtype=int)}, "y has the shape (4, 4)"),
        ({"x": X, "y": Y - 1}, "y[0] is -1"),
        ({"x": X, "y": np.array([0, 1, 0, 2**63], np.uint64)}, f"y[3] is {2**63}"),
        ({"x": X, "y": Y * 2}, "y has no example of class 1, but y[1] is 2"),
        ({"x": X, "y": Y * 2**40}, f"no example of class 1, but y[1] is {2**40}"),
        ({"x": X, "y": Y * 0}, "all labels in y are 0"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y * 7}, "y_test[1] is 7"),
        ({"x_train": X, "y_train": Y, "x_test": X[:, :2], "y_test": Y}, "x_test holds uint8 images of (2, 2, 1)"),
        ({"x_train": X, "y_train": Y, "x_test": X[:0], "y_test": Y[:0]}, "x_test is empty"),
    ],
)
def test_wrong_arrays_are_named(tmp_path, write_npz, arrays, says):
    assert says in refused(write_npz(**arrays), tmp_path).detail


def test_the_facts_name_path_row_and_field(tmp_path, write_npz):
    path = write_npz(x=X, y=np.array([0, 1, -5, 1]))
    assert refused(path, tmp_path).facts == {"path": str(path), "row": 2, "field": "y"}


def test_names_of_classes_and_a_validation_part_are_taken_from_the_file(tmp_path, write_npz):
    divided = {f"{x}_{part}": array for part in ("train", "test", "val") for x, array in (("x", X), ("y", Y))}
    dataset = load(str(write_npz(**divided, class_names=np.array(["cat", "dog"]))), roots=(tmp_path,))
    assert dataset.class_names == ("cat", "dog")
    assert (dataset.own_validation_from, dataset.own_test_from, len(dataset.labels)) == (4, 8, 12)


@pytest.mark.parametrize("names", [["cat"], ["cat", "cat"], [1, 2], [["cat", "dog"]], ["cat", "do\ng"]])
def test_names_of_classes_that_are_none_are_refused(tmp_path, write_npz, names):
    assert "class_names has" in refused(write_npz(x=X, y=Y, class_names=np.array(names)), tmp_path).detail


def test_pickled_objects_are_refused_without_being_loaded(tmp_path, write_npz):
    class Bomb:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    error = refused(write_npz(x=np.array([Bomb()] * 4, dtype=object), y=Y), tmp_path)
    assert "pickled" in error.detail
    assert not (tmp_path / "exploded").exists()


def test_a_missing_file_and_an_empty_folder_are_told_apart(tmp_path):
    assert "does not exist" in refused(tmp_path / "none.npz", tmp_path).detail
    assert "holds no files" in refused(tmp_path, tmp_path).detail


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    assert "is no regular file" in refused(tmp_path / "pipe.npz", tmp_path).detail


def test_a_text_a_bare_array_and_a_truncated_file_are_refused(tmp_path, write_npz):
    text = tmp_path / "text.npz"
    text.write_text("a,b,y\n1,2,0\n")
    array = tmp_path / "array.npz"
    array.write_bytes(npy({"descr": "|u1", "fortran_order": False, "shape": (1,)}, b"\0"))
    short = tmp_path / "short.npz"
    short.write_bytes(write_npz(x=X, y=Y).read_bytes()[:-40])
    assert "2 columns" in refused(text, tmp_path).detail
    assert "one bare .npy array" in refused(array, tmp_path).detail
    assert "is no complete zip archive" in refused(short, tmp_path).detail


def test_a_flipped_bit_is_noticed(tmp_path, write_npz):
    path = write_npz(x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[content.index(X.tobytes()) + 5] ^= 1
    path.write_bytes(content)
    assert "CRC" in refused(path, tmp_path).detail


def test_a_path_outside_of_the_roots_is_refused_also_through_a_link(tmp_path, write_npz):
    root = tmp_path / "root"
    root.mkdir()
    outside = write_npz(x=X, y=Y)
    link = root / "link.npz"
    link.symlink_to(outside)
    for path in (outside, link, root / ".." / "data.npz"):
        assert "TRAINSHED_DATA_ROOTS" in refused(path, root).remedy


def test_with_no_roots_nothing_is_readable(tmp_path, write_npz):
    with pytest.raises(InvalidData, match="empty on this worker"):
        load(str(write_npz(x=X, y=Y)), roots=())


def test_a_header_that_claims_more_than_is_stored_allocates_nothing(tmp_path):
    path = tmp_path / "claim.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy({"descr": "|u1", "fortran_order": False, "shape": (2**50, 8, 8)}, b"\0" * 64))
        archive.writestr("y.npy", npy({"descr": "<i8", "fortran_order": False, "shape": (1,)}, b"\0" * 8))
    assert "72,057,594,037,927,936 bytes, and has 64" in refused(path, tmp_path).detail


def test_an_archive_that_inflates_beyond_the_limit_is_refused_by_its_headers(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "MAX_BYTES", 2**20)
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("the array was read"))
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros((2**21, 1, 1), np.uint8), y=np.zeros(2**21, np.uint8))
    assert path.stat().st_size < 10_000
    assert "1,048,576 is the limit" in refused(path, tmp_path).detail


def test_an_entry_given_twice_and_too_many_entries_are_refused(tmp_path):
    content = npy({"descr": "|u1", "fortran_order": False, "shape": (1,)}, b"\0")
    many = tmp_path / "many.npz"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(npz_headers.MAX_ENTRIES + 1):
            archive.writestr(f"a{number}.npy", content)
    assert "65 entries" in refused(many, tmp_path).detail
    twice = tmp_path / "twice.npz"
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("x.npy", content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.npy", content)
    assert "2 entries, 1 of them with different names" in refused(twice, tmp_path).detail


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\x10\x00not a dictionary"])
def test_a_broken_array_header_is_named(tmp_path, content):
    path = tmp_path / "header.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", content)
    assert "the array x has no valid header" in refused(path, tmp_path).detail
