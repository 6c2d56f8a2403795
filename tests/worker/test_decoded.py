"""A decoded dataset is taken over from a child that is not trusted: plain and as its manifest says, or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ml.data.dataset import Dataset
from ml.data.decoded import read_decoded, write_decoded
from ml.data.files import DataSource
from ml.decoded_manifest import DECODER, key_of
from ml.errors import InvalidData
from trainshed.specs import Clean, Data, Pictures
from worker.decoded import BadDecoding, take_over

RANDOM = np.random.Generator(np.random.PCG64(6))


def dataset(**changed: object) -> Dataset:
    images = RANDOM.integers(0, 256, (6, 4, 3, 2), np.uint8)
    images[3] = images[1]
    facts: dict[str, object] = {
        "images": images,
        "class_names": ("cat", "dog"),
        "own_test_from": 4,
        "own_validation_from": None,
        "dropped": {"corrupt": 2},
    }
    return Dataset(
        source="pets@1",
        labels=np.array([0, 1, 0, 1, 0, 1]),
        provenance="found",
        licence="CC0",
        **{**facts, **changed},  # type: ignore[arg-type]
    )


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    return DataSource("pets@1", tmp_path / "kept", "pets.zip", "found", is_decoded=True)


@pytest.fixture
def output(tmp_path: Path, source: DataSource) -> Path:
    folder = tmp_path / "output"
    folder.mkdir()
    write_decoded(dataset(), source, folder)
    return folder


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("own", [(None, None), (None, 4), (2, 4), (4, None)])
def test_what_was_written_is_what_is_read(tmp_path, source, dtype, own):
    made = dataset(own_validation_from=own[0], own_test_from=own[1], images=RANDOM.random((6, 4, 3, 2)).astype(dtype))
    (tmp_path / "output").mkdir()
    write_decoded(made, source, tmp_path / "output")
    size = take_over(tmp_path / "output", tmp_path / "kept")
    read = read_decoded(tmp_path / "kept", source)
    assert size == made.images.nbytes + 2 * made.labels.nbytes
    np.testing.assert_array_equal(read.images, made.images)
    np.testing.assert_array_equal(read.labels, made.labels)
    for name in ("class_names", "own_validation_from", "own_test_from", "provenance", "licence", "dropped", "digest"):
        assert getattr(read, name) == getattr(made, name)
    assert read.images.dtype == dtype


def test_nobody_can_write_what_was_taken_over(output, source, tmp_path):
    take_over(output, tmp_path / "kept")
    assert {file.stat().st_mode & 0o222 for file in (tmp_path / "kept").iterdir()} == {0}
    read = read_decoded(tmp_path / "kept", source)
    assert not read.images.flags.writeable
    assert read.equal is not None
    assert read.equal.tolist() == [0, 1, 2, 1, 4, 5]


def manifest(**changed: object) -> Callable[[Path], None]:
    def change(output: Path) -> None:
        path = output / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    return change


def replaced(name: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(output: Path) -> None:
        (output / name).unlink()
        make(output / name)

    return change


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda output: (output / "manifest.json").unlink(), "other names"),
    "one file more": (lambda output: (output / "more").touch(), "other names"),
    "a manifest that is no JSON": (
        replaced("manifest.json", lambda path: path.write_text("{")),
        "its manifest is none",
    ),
    "an endless manifest": (lambda output: os.truncate(output / "manifest.json", 1 << 30), "too long"),
    "an unknown field": (manifest(more=1), "its manifest is none"),
    "a type of numbers that is none": (manifest(dtype="object"), "its manifest is none"),
    "a negative shape": (manifest(shape=[6, -4, -3, 2]), "its manifest is none"),
    "a huge shape": (manifest(shape=[2**39, 2**23, 2**23, 4]), "bytes"),
    "another shape": (manifest(shape=[5, 4, 3, 2]), "images.bin has 144 bytes"),
    "another shape of the same size": (manifest(shape=[6, 3, 4, 2]), "its digest is another one"),
    "other pixels": (lambda output: (output / "images.bin").write_bytes(bytes(144)), "its digest is another one"),
    "other labels": (lambda output: (output / "labels.bin").write_bytes(bytes(48)), "its digest is another one"),
    "fewer labels": (lambda output: (output / "labels.bin").write_bytes(bytes(40)), "labels.bin has 40 bytes"),
    "another division": (manifest(own_test_from=2), "its digest is another one"),
    "a link": (replaced("images.bin", lambda path: path.symlink_to("/etc/passwd")), "cannot be taken over"),
    "a second name": (lambda output: os.link(output / "images.bin", output.parent / "kept-open"), "no plain file"),
    "a pipe": (replaced("images.bin", os.mkfifo), "no plain file"),
    "a folder": (replaced("images.bin", lambda path: path.mkdir()), "cannot be taken over"),
}


@pytest.mark.parametrize("name", HARM)
def test_what_a_hostile_child_leaves_is_not_taken_over(output, tmp_path, name):
    harm, says = HARM[name]
    harm(output)
    with pytest.raises(BadDecoding, match=says):
        take_over(output, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_an_output_folder_that_is_a_link_is_not_followed(output, tmp_path):
    moved = output.rename(tmp_path / "moved")
    output.symlink_to(moved)
    with pytest.raises(BadDecoding):
        take_over(output, tmp_path / "kept")


def test_labels_that_are_no_classes_end_the_job_that_reads_them(output, source, tmp_path):
    (output / "labels.bin").write_bytes(np.full(6, 7, "<i8").tobytes())
    with pytest.raises(InvalidData, match="labels are no classes"):
        read_decoded(output, source)


def test_a_decoded_dataset_is_kept_under_all_that_it_depends_on(monkeypatch):
    plain = Data(dataset="pets@1")
    pictures = Pictures(height=8, width=8, mode="rgb")
    keys = [
        key_of("aa", plain),
        key_of("bb", plain),
        key_of("aa", Data(dataset="pets@1", clean=Clean(duplicates="drop"))),
        key_of("aa", Data(dataset="pets@1", images=pictures)),
        key_of("aa", Data(dataset="pets@1", images=pictures.model_copy(update={"fit": "pad"}))),
    ]
    monkeypatch.setattr("ml.decoded_manifest.DECODER", DECODER + 1)
    keys.append(key_of("aa", plain))
    assert len(set(keys)) == len(keys)
    assert key_of("aa", plain) == key_of("aa", Data(dataset="other@7"))
