"""A folder for each class: which pictures are read, how they are fitted, and what a bad one is answered with."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.data import Dataset
from ml.errors import InvalidData
from tests.ml.made_files import load, write_folder

RANDOM = np.random.Generator(np.random.PCG64(4))
RED = np.zeros((6, 8, 3), np.uint8) + np.array([200, 10, 30], np.uint8)


def picture(pixels: np.ndarray | None = None, form: str = "PNG", **saved: Any) -> bytes:
    content = io.BytesIO()
    shown = RANDOM.integers(0, 256, (6, 8, 3), np.uint8) if pixels is None else pixels
    image = Image.fromarray(shown)
    image.save(content, form, **saved)
    return content.getvalue()


def sound() -> dict[str, bytes]:
    return {f"{name}/{number}.png": picture() for name in ("cat", "dog") for number in range(3)}


def read(tmp_path: Path, files: Mapping[str, bytes], **settings: object) -> Dataset:
    return load(write_folder(tmp_path / "d", files), **settings)


def png(width: int, height: int, content: bytes = b"") -> bytes:
    """Return a PNG that says how large it is, whatever it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "WEBP"])
def test_each_format_is_read_by_its_content_and_not_its_name(tmp_path, form):
    files = {f"{name}/{number}.dat": picture(RED, form) for name in ("a", "b") for number in range(2)}
    dataset = read(tmp_path, files)
    assert dataset.images.shape == (4, 6, 8, 3)
    assert np.abs(dataset.images[0].astype(int) - RED).max() < 8


def test_classes_are_folders_and_parts_are_folders_around_them(tmp_path):
    files = {f"{part}/{name}": content for part in ("train", "valid", "test") for name, content in sound().items()}
    dataset = read(tmp_path, {f"pets/{name}": content for name, content in files.items()} | {"pets/README.md": b"hi"})
    assert (dataset.class_names, len(dataset.labels)) == (("cat", "dog"), 18)
    assert (dataset.own_validation_from, dataset.own_test_from) == (6, 12)
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1, 1] * 3


def test_grey_pictures_keep_one_channel_and_16_bits_become_8(tmp_path):
    grey = {f"{name}/1.png": picture(np.full((4, 4), 70, np.uint8)) for name in "ab"}
    assert read(tmp_path / "8", grey).images[0, 0, 0].tolist() == [70]
    deep = {f"{name}/1.png": picture(np.full((4, 4), 0xABCD, np.uint16)) for name in "ab"}
    assert read(tmp_path / "16", deep).images[0, 0, 0].tolist() == [0xAB]


def test_the_orientation_of_exif_is_applied_and_the_rest_is_dropped(tmp_path):
    pixels = np.zeros((2, 3), np.uint8)
    pixels[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    dataset = read(tmp_path, {f"{name}/1.png": picture(pixels, exif=exif) for name in "ab"})
    assert dataset.images.shape == (2, 3, 2, 1)
    assert dataset.images[0, 0, 1, 0] == 255


def test_only_the_first_frame_of_an_animation_is_read(tmp_path):
    content = io.BytesIO()
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (10, 200)]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    dataset = read(tmp_path, {f"{name}/1.gif": content.getvalue() for name in "ab"})
    assert set(dataset.images.ravel().tolist()) == {10}


@pytest.mark.parametrize(("fit", "corner"), [("stretch", 255), ("crop", 255), ("pad", 0)])
def test_pictures_of_any_size_are_fitted_when_the_job_says_how(tmp_path, fit, corner):
    white = np.full((4, 8), 255, np.uint8)
    files = {"a/1.png": picture(white), "b/1.png": picture(np.full((8, 8, 3), 255, np.uint8))}
    dataset = read(tmp_path, files, images={"height": 8, "width": 8, "mode": "rgb", "fit": fit})
    assert dataset.images.shape == (2, 8, 8, 3)
    assert dataset.images[0, 0, 0].tolist() == [corner] * 3
    assert dataset.images[0, 4, 4].tolist() == [255] * 3


def test_black_shows_through_what_is_transparent(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[:2, :, 3] = 255
    files = {f"{name}/1.png": picture(pixels) for name in "ab"}
    dataset = read(tmp_path, files, images={"height": 4, "width": 4, "mode": "rgb"})
    assert [dataset.images[0, row, 0].tolist() for row in (0, 3)] == [[200, 0, 0], [0, 0, 0]]


def test_bad_pictures_are_dropped_and_counted_when_the_job_says_so(tmp_path):
    files = {
        **sound(),
        "cat/broken.png": picture()[:-30],
        "cat/text.png": b"no picture",
        "dog/small.png": picture(RED[:2]),
        "dog/grey.png": picture(RED[..., 0]),
    }
    dataset = read(tmp_path, files, clean={"corrupt": "drop", "mismatched": "drop"})
    assert dataset.dropped == {"corrupt": 2, "mismatched": 2}
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_class_of_the_test_part_alone_is_dropped_when_the_job_says_so(tmp_path):
    files = {f"{part}/{name}": content for part in ("train", "test") for name, content in sound().items()}
    dataset = read(tmp_path, {**files, "test/emu/1.png": picture()}, clean={"unknown_labels": "drop"})
    assert (dataset.dropped, dataset.class_names) == ({"unknown_labels": 1}, ("cat", "dog"))


TRAIN = {f"train/{name}": content for name, content in sound().items()}
HOSTILE: dict[str, tuple[dict[str, bytes], str]] = {
    "empty file": ({**sound(), "cat/9.png": b""}, "cat/9.png is no picture"),
    "text": ({**sound(), "cat/9.png": b"<html>"}, "cat/9.png is no picture"),
    "cut short": ({**sound(), "cat/9.png": picture()[:-40]}, "cat/9.png is no picture"),
    "JPEG cut short": ({**sound(), "cat/9.jpg": picture(form="JPEG")[:-200]}, "cat/9.jpg is no picture"),
    "GIF cut short": ({**sound(), "cat/9.gif": picture(form="GIF")[:40]}, "cat/9.gif is no picture"),
    "BMP cut short": ({**sound(), "cat/9.bmp": picture(form="BMP")[:60]}, "cat/9.bmp is no picture"),
    "WebP cut short": ({**sound(), "cat/9.webp": picture(form="WEBP")[:40]}, "cat/9.webp is no picture"),
    "a flipped bit": ({**sound(), "cat/9.png": picture().replace(b"IDAT", b"IDAU")}, "cat/9.png is no picture"),
    "pixels that are not there": ({**sound(), "cat/9.png": png(8, 6)}, "cat/9.png is no picture"),
    "pixels of a bomb": ({**sound(), "cat/9.png": png(30_000, 30_000)}, "cat/9.png is no picture"),
    "more pixels than allowed": ({**sound(), "cat/9.png": png(4097, 4096)}, "more than 16,777,216 pixels"),
    "more pixels than there are atoms": ({**sound(), "cat/9.png": png(2**31 - 1, 2**31 - 1)}, "is no picture"),
    "no pixels": ({**sound(), "cat/9.png": png(0, 6)}, "cat/9.png is no picture"),
    "another format": ({**sound(), "cat/9.png": picture(form="TIFF")}, "cat/9.png is no picture"),
    "PostScript": ({**sound(), "cat/9.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"}, "is no picture"),
    "a vector drawing": ({**sound(), "cat/9.svg": b"<svg xmlns='x'/>"}, "cat/9.svg is no picture"),
    "a pickle": ({**sound(), "cat/9.png": b"\x80\x04]."}, "cat/9.png is no picture"),
    "another size": ({**sound(), "dog/9.png": picture(RED[:5])}, "dog/9.png is 5 x 8 rgb, and most pictures are 6 x 8"),
    "other colours": ({**sound(), "dog/9.png": picture(RED[..., 0])}, "dog/9.png is 6 x 8 grey, and most"),
    "transparent": (
        {f"{name}/1.png": picture(np.dstack([RED, RED[..., :1]])) for name in ("cat", "dog")},
        "cat/1.png is 6 x 8 transparent",
    ),
    "one class": ({f"cat/{number}.png": picture() for number in range(3)}, "lies in no folder of a class"),
    "one class in train": ({"train/cat/1.png": picture(), "test/cat/1.png": picture()}, "all labels in"),
    "no class": ({"1.png": picture(), "2.png": picture()}, "1.png lies in no folder of a class"),
    "a picture beside its class": ({**sound(), "9.png": picture()}, "9.png lies in no folder of a class"),
    "too deep": ({**sound(), "cat/more/9.png": picture()}, "lies deeper than the folder of a class"),
    "a class of the test part alone": (
        {**TRAIN, "test/emu/1.png": picture()},
        "of the class emu, which has no",
    ),
    "a test part of another size": ({**TRAIN, "test/cat/1.png": picture(RED[:3])}, "test/cat/1.png is 3 x 8"),
    "no pictures to train on": ({"test/cat/1.png": b"", "train/dog/1.png": b""}, "of the class cat"),
    "no pictures at all": ({"cat/a.txt": b"cat", "dog/a.txt": b"dog"}, "no format that is known here"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_picture_is_named_with_what_to_do(tmp_path, name):
    files, says = HOSTILE[name]
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, files)
    assert says in caught.value.detail, caught.value.detail
    assert str(tmp_path) in caught.value.detail
    assert caught.value.remedy


def test_the_error_of_a_mixed_folder_says_what_to_write(tmp_path):
    with pytest.raises(InvalidData) as caught:
        read(tmp_path, {**sound(), "dog/9.png": picture(RED[:5])})
    assert "{height: 6, width: 8, mode: rgb}" in caught.value.remedy
    assert caught.value.facts["row"] == 6


def test_how_to_decode_is_refused_where_there_is_nothing_to_decode(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, x=np.zeros((4, 8, 8), np.uint8), y=[0, 1, 0, 1])
    with pytest.raises(InvalidData, match="says how picture files are decoded"):
        load(path, images={"height": 8, "width": 8, "mode": "grey"})
