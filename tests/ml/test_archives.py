"""Folders, zips and tars as trees: what no dataset needs is refused before anything of it is written or allocated."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ml.data import limits, tree
from ml.errors import InvalidData
from tests.ml.made_files import load, mnist, write_folder, write_tar, write_zip, zip_link

X = np.random.Generator(np.random.PCG64(9)).integers(0, 256, (6, 5, 4), np.uint8)
SOUND = mnist({"train": (X, np.arange(6, dtype=np.uint8) % 2)})
NAME = next(iter(SOUND))


def refused(path: Path) -> InvalidData:
    with pytest.raises(InvalidData) as caught:
        load(path)
    assert str(path) in caught.value.detail
    assert caught.value.remedy
    return caught.value


def named(name: str) -> Callable[[Path], object]:
    return lambda path: write_zip(path, {**SOUND, name: b"x"})


def linked(path: Path) -> None:
    with zipfile.ZipFile(write_zip(path, SOUND), "a") as archive:
        archive.writestr(zip_link("data/link"), "/etc/passwd")


def encrypted(path: Path) -> None:
    content = bytearray(write_zip(path, SOUND).read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    path.write_bytes(content)


def overstated(path: Path) -> None:
    """Say of the first file that it inflates to a gigabyte."""
    content = bytearray(write_zip(path, SOUND).read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 1 << 30)
    path.write_bytes(content)


def twice(path: Path) -> None:
    with zipfile.ZipFile(write_zip(path, SOUND), "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(NAME, b"x")


def compressed(method: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in SOUND.items():
                archive.writestr(name, content)

    return write


def with_directory_of(size: int) -> Callable[[Path], None]:
    """Say that the list of files has this many bytes; the file is as long as that, and sparse."""

    def write(path: Path) -> None:
        end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 9999, 9999, size, 4, 0)
        with path.open("wb") as file:
            file.write(b"PK\x03\x04")
            file.truncate(4 + size)
            file.seek(4 + size)
            file.write(end)

    return write


ZIPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: write_zip(path, {}), "holds no files"),
    "cut short": (lambda path: path.write_bytes(write_zip(path, SOUND).read_bytes()[:-30]), "no complete zip archive"),
    "no end": (lambda path: path.write_bytes(write_zip(path, SOUND).read_bytes()[:100]), "no complete zip archive"),
    "only a beginning": (lambda path: path.write_bytes(b"PK\x03\x04"), "no complete zip archive"),
    "a flipped bit": (
        lambda path: path.write_bytes(write_zip(path, SOUND).read_bytes().replace(SOUND[NAME][-9:], bytes(9))),
        "no complete zip archive",
    ),
    "an absolute name": (named("/etc/cron.d/x"), "leads out of it"),
    "a name with dots": (named("a/../../x"), "leads out of it"),
    "dots alone": (named(".."), "leads out of it"),
    "a backslash": (named("..\\x"), "leads out of it"),
    "a drive": (named("C:/x"), "leads out of it"),
    "a link": (linked, "is a link"),
    "encrypted": (encrypted, "is encrypted"),
    "a name given twice": (twice, "is in it twice"),
    "two names that become one": (named(f"./{NAME}"), "is in it twice"),
    "LZMA, whose dictionary is gigabytes": (compressed(zipfile.ZIP_LZMA), "compressed by the method 14"),
    "bzip2": (compressed(zipfile.ZIP_BZIP2), "compressed by the method 12"),
    "more than deflate can do": (overstated, "which deflate cannot do"),
    "a list of files of 100 MB": (with_directory_of(100 << 20), "ask for 104,857,600 bytes at once"),
    "another format": (
        lambda path: write_zip(path, {"a.doc": b"x,y\n1,0\n"}),
        "holds a.doc: no format that is known here",
    ),
    "one pickle": (lambda path: write_zip(path, {"a.pkl": b"\x80\x04]."}), "holds a.pkl: no format"),
    "only junk": (lambda path: write_zip(path, {"__MACOSX/._a": b"x", ".DS_Store": b"x"}), "holds no files"),
    "a zip of a zip": (lambda path: write_zip(path, {"a.zip": b"PK\x03\x04"}), "holds a.zip: no format"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_hostile_zip_is_refused(tmp_path, name):
    write, says = ZIPS[name]
    write(tmp_path / "data.zip")
    error = refused(tmp_path / "data.zip")
    assert says in error.detail, error.detail


def member(name: str, kind: bytes, *, size: int = 0, target: str = "") -> Callable[[Path], None]:
    """Write the sound files, and one member more that is something else."""

    def write(path: Path) -> None:
        with tarfile.open(path, "w:gz") as archive:
            for sound, content in SOUND.items():
                one = tarfile.TarInfo(sound)
                one.size = len(content)
                archive.addfile(one, io.BytesIO(content))
            other = tarfile.TarInfo(name)
            other.type, other.linkname, other.size = kind, target, size
            archive.addfile(other, io.BytesIO(bytes(size)))

    return write


def claims(size: int) -> Callable[[Path], None]:
    """Write a member whose header says more than there is."""

    def write(path: Path) -> None:
        one = tarfile.TarInfo("data_batch_1.bin")
        one.size = size
        path.write_bytes(gzip.compress(one.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))

    return write


def pax_header_of(size: int) -> Callable[[Path], None]:
    """Write an extended header that tarfile reads into memory as a whole."""

    def write(path: Path) -> None:
        header = tarfile.TarInfo("pax")
        header.type, header.size = tarfile.XHDTYPE, size
        with gzip.open(path, "wb", 1) as file:
            file.write(header.tobuf(tarfile.GNU_FORMAT))
            for _ in range(size >> 20):
                file.write(bytes(1 << 20))

    return write


def after_the_files(more: bytes, *, keep: int | None) -> Callable[[Path], None]:
    """Write the beginning of a sound archive, and then something else."""

    def write(path: Path) -> None:
        path.write_bytes(gzip.compress(write_tar(path, SOUND, mode="w").read_bytes()[:keep] + more, 1))

    return write


def sparse(path: Path) -> None:
    """Write the old GNU form of a file that is mostly holes."""
    one = tarfile.TarInfo("data_batch_1.bin")
    one.type = tarfile.GNUTYPE_SPARSE
    content = bytearray(one.tobuf(tarfile.GNU_FORMAT))
    content[483:495] = b"77777777777\0"
    content[148:156] = b" " * 8
    content[148:156] = f"{sum(content):06o}\0 ".encode()
    path.write_bytes(gzip.compress(bytes(content) + bytes(1024)))


TARS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: write_tar(path, {}), "looks like nothing that is known here"),
    "only junk": (lambda path: write_tar(path, {"__MACOSX/._a": b"x"}), "holds no files"),
    "cut short": (lambda path: path.write_bytes(write_tar(path, SOUND).read_bytes()[:-40]), "no complete tar archive"),
    "cut in the middle": (lambda path: path.write_bytes(write_tar(path, SOUND).read_bytes()[:300]), "no complete tar"),
    "damaged": (
        lambda path: path.write_bytes(write_tar(path, SOUND).read_bytes()[:-8] + bytes(8)),
        "no complete tar archive",
    ),
    "garbage after the first": (after_the_files(b"x" * 5000, keep=1024), "no complete tar archive"),
    "endless padding": (after_the_files(bytes(40 << 20), keep=None), "bytes after its end"),
    "an absolute name": (member("/etc/cron.d/x", tarfile.REGTYPE), "leads out of it"),
    "a name with dots": (member("a/../../x", tarfile.REGTYPE), "leads out of it"),
    "a folder that leads out": (member("../x", tarfile.DIRTYPE), "leads out of it"),
    "a backslash": (member("a\\..\\x", tarfile.REGTYPE), "leads out of it"),
    "a symbolic link": (member("x", tarfile.SYMTYPE, target="/etc/passwd"), "is a link"),
    "a hard link": (member("x", tarfile.LNKTYPE, target=NAME), "is a link"),
    "a link to outside": (member("x", tarfile.LNKTYPE, target="../../etc/passwd"), "is a link"),
    "a character device": (member("x", tarfile.CHRTYPE), "is no regular file"),
    "a block device": (member("x", tarfile.BLKTYPE), "is no regular file"),
    "a pipe": (member("x", tarfile.FIFOTYPE), "is no regular file"),
    "a sparse file": (sparse, "is no regular file"),
    "a name given twice": (member(NAME, tarfile.REGTYPE, size=3), "is in it twice"),
    "a member larger than all": (claims(1 << 40), "is the limit"),
    "a member larger than the rest": (claims(1 << 20), "no complete tar archive"),
    "an extended header of 100 MB": (pax_header_of(100 << 20), "ask for 104,857,600 bytes at once"),
    "an archive in it": (lambda path: write_tar(path, {"a.tar": b"x"}), "holds a.tar: no format"),
    "another format": (lambda path: write_tar(path, {"a.doc": b"x,y\n1,0\n"}), "holds a.doc: no format"),
}


@pytest.mark.parametrize("name", TARS)
def test_a_hostile_tar_is_refused_and_leaves_nothing_behind(tmp_path, monkeypatch, name):
    write, says = TARS[name]
    write(tmp_path / "data.tar.gz")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    error = refused(tmp_path / "data.tar.gz")
    assert says in error.detail, error.detail
    assert list(scratch.iterdir()) == []


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.mkdir(), "holds no files"),
    "a link to a file": (
        lambda path: (write_folder(path, SOUND) / "x").symlink_to("/etc/passwd"),
        "x is a link, and links are not followed",
    ),
    "a link to a folder": (lambda path: (write_folder(path, SOUND) / "x").symlink_to("/etc"), "x is a link"),
    "a link to itself": (lambda path: (write_folder(path, SOUND) / "x").symlink_to(path), "x is a link"),
    "a pipe": (lambda path: os.mkfifo(write_folder(path, SOUND) / "x"), "x is no regular file"),
    "too deep": (lambda path: write_folder(path, {**SOUND, "/".join("abcdefghijkl"): b""}), "lies too deep"),
    "a backslash": (lambda path: write_folder(path, {**SOUND, "a\\b": b""}), "leads out of it"),
    "texts alone": (lambda path: write_folder(path, {"a.txt": b"x", "b.txt": b"y"}), "holds a.txt, b.txt: no format"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_strange_folder_is_refused(tmp_path, name):
    write, says = FOLDERS[name]
    write(tmp_path / "data")
    error = refused(tmp_path / "data")
    assert says in error.detail, error.detail


@pytest.mark.parametrize("write", [write_zip, write_tar, write_folder])
def test_more_files_or_bytes_than_the_limits_are_refused(tmp_path, monkeypatch, write):
    path = write(tmp_path / "data", SOUND)
    monkeypatch.setattr(tree, "MAX_FILES", 1)
    assert "is one file more than the 1 that are allowed" in refused(path).detail
    monkeypatch.setattr(tree, "MAX_FILES", limits.MAX_FILES)
    monkeypatch.setattr(tree, "MAX_BYTES", 100)
    assert "and 100 is the limit" in refused(path).detail


def test_what_operating_systems_leave_behind_is_not_looked_at(tmp_path):
    junk = {"__MACOSX/._a": b"x", ".DS_Store": b"x", "Thumbs.db": b"x"}
    assert len(load(write_zip(tmp_path / "data", {**SOUND, **junk})).labels) == 6
