"""CIFAR-10's pickled batches: nothing of what a pickle asks to run is run, and each broken one is answered in words."""

from __future__ import annotations

import io
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.plain_pickle import NotPlainError, load_plain
from ml.errors import InvalidData
from tests.ml.made_files import load, write_folder

ROWS = np.random.Generator(np.random.PCG64(3)).integers(0, 256, (20, 3072), np.uint8)
LABELS = [number % 10 for number in range(20)]


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


def batch(protocol: int = 2, **changed: object) -> bytes:
    return pickle.dumps({"data": ROWS, "labels": LABELS, **changed}, protocol)


def python_2_batch() -> bytes:
    """Return the opcodes that Python 2.7 wrote: byte strings for keys, and the array by NumPy's old names."""
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85U\x01btR(K\x01K\x14M\0\x0c\x86"
        b"cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89T"
    )
    labels = b"]q\x01(" + b"".join(b"K" + bytes([label]) for label in LABELS) + b"e"
    content = struct.pack("<i", ROWS.size) + ROWS.tobytes()
    return b"\x80\x02}q\0(U\x04data" + array + content + b"tbU\x06labels" + labels + b"u."


def test_a_batch_as_python_2_wrote_it_is_read(tmp_path):
    assert pickle.loads(python_2_batch(), encoding="bytes")[b"labels"] == LABELS  # the real reader agrees
    dataset = load(write_folder(tmp_path / "d", {"data_batch_1": python_2_batch()}))
    np.testing.assert_array_equal(dataset.images.transpose(0, 3, 1, 2).reshape(20, -1), ROWS)
    assert dataset.labels.tolist() == LABELS


def claims(size: int) -> bytes:
    """Return a pickle that says that this many bytes follow."""
    return b"\x80\x04\x8e" + struct.pack("<Q", size) + b"few."


HOSTILE = {
    "runs a program": (batch(data=Call(os.system, "touch exploded")), "asks for posix.system"),
    "makes a folder": (batch(data=Call(os.mkdir, "exploded")), "asks for posix.mkdir"),
    "evaluates": (batch(data=Call(eval, "1")), "asks for"),
    "imports": (batch(data=Call(__import__, "antigravity")), "asks for"),
    "opens a file": (batch(data=Call(open, "/etc/passwd")), "asks for"),
    "gets an attribute": (batch(data=Call(getattr, "a", "upper")), "asks for"),
    "loads through numpy": (batch(data=Call(np.load, "/etc/passwd")), "asks for"),
    "makes a numpy array": (batch(data=Call(np.zeros, 10)), "asks for"),
    "holds objects": (batch(data=np.array([[{}] * 3072], dtype=object)), "pixels are uint8"),
    "holds floats": (batch(data=ROWS.astype(np.float32)), "pixels are uint8"),
    "holds a class": (batch(data=Path), "asks for"),
    "changes a function": (b"\x80\x02cnumpy\ndtype\n}U\x01aK\x01sb.", "tries to change a function"),
    "refers outside": (b"\x80\x02U\x01aQ.", "refers to something outside"),
    "an extension": (b"\x80\x02\x82\x01.", "is damaged"),
    "claims an exabyte": (claims(1 << 60), "asks for 1,152,921,504,606,846,976 bytes"),
    "claims four gigabytes": (claims(1 << 32), "asks for 4,294,967,296 bytes"),
    "a memo of billions": (b"\x80\x02}r\xff\xff\xff\x7f.", "has `data` that is NoneType"),
    "cut short": (batch()[:-100], "is no plain pickle"),
    "empty": (b"", "is no plain pickle"),
    "garbage": (bytes(range(256)), "is damaged"),
    "nested deeply": (pickle.dumps({"data": [[[[[[[[[[[[]]]]]]]]]]]]}, 2), "nested too deeply"),
    "a list": (pickle.dumps([1, 2], 2), "holds a list"),
    "no data": (pickle.dumps({"labels": LABELS}, 2), "has `data` that is NoneType"),
    "no labels": (pickle.dumps({"data": ROWS}, 2), "20 images and no list of labels"),
    "too few labels": (batch(labels=LABELS[:3]), "20 images and 3 labels"),
    "labels that are texts": (batch(labels=["cat"] * 20), "which is no number"),
    "a huge label": (batch(labels=[1 << 70, *LABELS[1:]]), "which is no number"),
    "a label of no class": (batch(labels=[10, *LABELS[1:]]), "[0] is 10"),
    "a negative label": (batch(labels=[-1, *LABELS[1:]]), "[0] is -1"),
    "one class": (batch(labels=[4] * 20), "all labels in"),
    "a class without examples": (batch(labels=[*LABELS[:9], 0, *LABELS[:9], 0]), "no example of class truck"),
    "rows of another length": (batch(data=ROWS[:, :3000]), "and not uint8 of (n, 3072)"),
    "one dimension": (batch(data=ROWS[0]), "and not uint8 of (n, 3072)"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_batch_is_named_and_nothing_of_it_is_run(tmp_path, monkeypatch, name):
    content, says = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    path = write_folder(tmp_path / "d", {"data_batch_1": content})
    with pytest.raises(InvalidData) as caught:
        load(path)
    assert says in caught.value.detail, caught.value.detail
    assert "data_batch_1" in caught.value.detail
    assert caught.value.remedy
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "state",
    [
        ((20, 3072), b"u1", False, ROWS.tobytes()),
        (1, (1 << 40, 1 << 40), np.dtype("u1"), False, b""),
        (1, (-1, -20), np.dtype("u1"), False, b"x" * 20),
        (1, (2.0, 3), np.dtype("u1"), False, b"x" * 6),
        (1, (20,), np.dtype("u1"), False, [b"x"] * 20),
        (1, (2, 3, 1, 1, 1), np.dtype("u1"), False, b"x" * 6),
    ],
)
def test_an_array_that_lies_about_itself_is_refused(state):
    class Lies:
        def __reduce__(self) -> Any:
            return np._core.multiarray._reconstruct, (np.ndarray, (0,), b"b"), state

    content = pickle.dumps(Lies(), 2)
    with pytest.raises(NotPlainError):
        load_plain(io.BytesIO(content), len(content))


def test_a_pickle_alone_is_known_for_what_it_is(tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(batch())
    with pytest.raises(InvalidData, match="a Python pickle, which is a program"):
        load(path)
