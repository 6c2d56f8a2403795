"""A .csv file as data: what is read, and that each way of being wrong names row, column and remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data import Dataset, load_dataset, text_lines
from ml.errors import InvalidData
from ml.job import DataFile
from trainshed.specs import Data


def load(tmp_path: Path, text: str | bytes) -> Dataset:
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_dataset(Data(path=str(path)), roots=(tmp_path,))


def test_rows_of_a_square_number_of_pixels_are_images(tmp_path):
    dataset = load(tmp_path, "a,b,label,c,d\n0,1,0,2,3\n4,5,1,6,255\n")
    assert dataset.images.shape == (2, 2, 2, 1)
    assert dataset.images.dtype == np.uint8
    np.testing.assert_array_equal(dataset.images[1, ..., 0], [[4, 5], [6, 255]])
    assert dataset.labels.tolist() == [0, 1]
    assert dataset.class_names == ("0", "1")


@pytest.mark.parametrize(
    ("text", "labels", "names"),
    [
        ("x,Y\n1,0\n2,1\n", [0, 1], ("0", "1")),
        ("x,species\n1,iris\n2,rose\n3,iris\n", [0, 1, 0], ("iris", "rose")),
        ("1,0\r\n2,1\r\n", [0, 1], ("0", "1")),
        ("\ufeffy,x\n0,1\n\n1,2\n", [0, 1], ("0", "1")),
        ('x,label\n1,"a, b"\n2,"c ""d"""\n', [0, 1], ("a, b", 'c "d"')),
    ],
)
def test_the_label_is_the_column_of_that_name_or_the_last_one(tmp_path, text, labels, names):
    dataset = load(tmp_path, text)
    assert (dataset.labels.tolist(), dataset.class_names) == (labels, names)


def test_numbers_that_no_byte_holds_become_float32(tmp_path):
    for text in ("x,y\n0.5,0\n1,1\n", "x,y\n-1,0\n1,1\n", "x,y\n256,0\n1,1\n"):
        assert load(tmp_path, text).images.dtype == np.float32


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("x,y\n", "has no rows"),
        ("a,b,y\n1,2,0\n", "2 columns beside y"),
        ("y\n1\n", "0 columns beside y"),
        ("x,y\n1,0\n,1\n", "x of row 1 is missing"),
        ("x,y\n1,0\n2,NaN\n", "y of row 1 is missing"),
        ("x,y\n1,0\nred,1\n", "x of row 1 is 'red', which is no number"),
        ("x,y\n1,0\n1_000,1\n", "x of row 1 is '1_000'"),
        ("x,y\n1,0\n2\n", "row 1 has 1 fields, and the first line has 2"),
        ("x,x\n1,0\n", "two columns 'x'"),
        ("x,y\n1,0\ninf,1\n", "is inf as float32"),
        ("x,y\n1,0\n1,0\n", "all labels in y are 0"),
        ("x,y\n1,0\n1,2\n", "no example of class 1"),
        ("x,y\n1,-1\n1,2\n", "y[0] is -1"),
        ("x,y\n1,a\n1,a\n", "all labels in y are a"),
        ('x,y\n1,"0\n', "cannot be read"),
        (b"x,y\n1,\xff\n", "is not UTF-8"),
        (b"x,y\n1,\xed\xa0\x80\n", "is not UTF-8"),
        ("x,y\n1,0\n1e400,1\n", "is inf as float32"),
        ("x,y\n1,0\n2,1,3\n", "row 1 has 3 fields, and the first line has 2"),
        ("x,y\n1,0\n0x10,1\n", "is '0x10', which is no number"),
        ("x,y\n1,0\n=1+1,1\n", "is '=1+1', which is no number"),
        ("x,y\0\n1,0\n2,1\n", "holds a NUL"),
    ],
)
def test_wrong_content_is_named(tmp_path, text, says):
    with pytest.raises(InvalidData) as caught:
        load(tmp_path, text)
    assert says in caught.value.detail
    assert str(tmp_path) in caught.value.detail
    assert caught.value.remedy


def test_a_line_or_row_without_end_is_refused_before_it_is_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(text_lines, "_MAX_LINE", 1000)
    with pytest.raises(InvalidData, match="line of more than 1,000 letters"):
        load(tmp_path, "x," * 600)
    with pytest.raises(InvalidData, match="field larger than field limit"):
        load(tmp_path, 'x,y\n1,"' + "a" * 900 + ("\n" + "a" * 900) * 200)


def test_too_many_columns_are_refused(tmp_path):
    with pytest.raises(InvalidData, match="20,000 columns"):
        load(tmp_path, ",".join(["1"] * 20_000))


def test_an_uploaded_file_is_read_whatever_its_name(tmp_path):
    blob = tmp_path / "0123abcd"
    blob.write_text("x,y\n1,0\n2,1\n")
    files = {"faces@2": DataFile(blob, "Faces.table")}
    dataset = load_dataset(Data(dataset="faces@2"), roots=(), files=files)
    assert dataset.source == "faces@2"
    assert "Faces.table" in dataset.provenance
    with pytest.raises(InvalidData, match=r"no dataset 'faces@3'"):
        load_dataset(Data(dataset="faces@3"), roots=(), files=files)


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\x80\x04\x95\x00\x00", "a Python pickle"),
        (b"\x93NUMPY\x01\x00", "one bare .npy array"),
        (b"\x00\x00\x08\x03" + bytes(12), "one idx file"),
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"RIFF\x00\x00\x00\x00WEBP", "a WebP picture"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"BZh91AY", "compressed by bzip2"),
        ("x,y\n1,0\n".encode("utf-16"), "text in UTF-16"),
        (bytes(range(256)), "nothing that is known"),
    ],
)
def test_a_format_that_is_not_known_is_answered_with_those_that_are(tmp_path, content, looks):
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidData, match=f"looks like {looks}") as caught:
        load_dataset(Data(path=str(path)), roots=(tmp_path,))
    assert caught.value.remedy


def test_a_link_or_dots_lead_out_of_the_roots_for_no_format(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    outside = tmp_path / "data.csv"
    outside.write_text("x,y\n1,0\n2,1\n")
    (root / "link.csv").symlink_to(outside)
    for path in (outside, root / "link.csv", root / ".." / "data.csv"):
        for roots in ((root,), ()):
            with pytest.raises(InvalidData, match="not below a folder"):
                load_dataset(Data(path=str(path)), roots=roots)
