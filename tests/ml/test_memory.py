"""A small hostile file costs little memory, whichever format it pretends to be in."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

from tests.ml.made_files import idx, write_folder

_MOST_GROWN_MIB = 160
"""Two chunks of what a library may read at once, and what Python itself needs."""
_SCRIPT = """
import re, sys
from pathlib import Path
from ml.data import load_dataset
from ml.errors import InvalidData
from trainshed.specs import Data
import PIL.PngImagePlugin

def peak():  # of this process alone: what getrusage says begins with that of the parent
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

for name in sys.argv[1:]:
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    try:
        load_dataset(Data(path=name), roots=(Path(name).parent,))
        print(name, "was read")
    except InvalidData:
        if peak() - before > %d:
            print(name, "took", peak() - before, "MiB")
"""


def npy_of(size: int) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (size, 1, 1)})
    return header.getvalue()


def zip_bomb(path: Path, name: str, head: bytes, megabytes: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as file:
        file.write(head)
        for _ in range(megabytes):
            file.write(bytes(1 << 20))


def tar_header_bomb(path: Path, megabytes: int) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, megabytes << 20
    with gzip.open(path, "wb", 1) as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(megabytes):
            file.write(bytes(1 << 20))


def png_bomb(megabytes: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(megabytes << 20)))
    return b"\x89PNG\r\n\x1a\n" + header + text + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")


def bombs(folder: Path) -> list[Path]:
    """Write small files that ask for at least 400 MB each."""
    labels = idx(np.arange(4, dtype=np.uint8) % 2)
    zip_bomb(folder / "array.npz", "x.npy", npy_of(400 << 20), 400)
    zip_bomb(folder / "claims.npz", "x.npy", npy_of(1 << 40), 1)
    with (folder / "directory.zip").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.seek(4 + (400 << 20))
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 9999, 9999, 400 << 20, 4, 0))
    tar_header_bomb(folder / "header.tar.gz", 400)
    zeros = gzip.compress(bytes(400 << 20), 1)
    images = gzip.compress(idx(np.zeros((4, 9, 9), np.uint8)))
    write_folder(folder / "idx-long", {"train-images-idx3.gz": images + zeros, "train-labels-idx1": labels})
    claims = gzip.compress(idx(np.zeros((4, 9, 9), np.uint8), shape=(1 << 24, 32, 32)))
    write_folder(folder / "idx-claims", {"train-images-idx3.gz": claims, "train-labels-idx1": labels})
    memo = b"\x80\x02}r\xff\xff\xff\x7f."
    write_folder(folder / "memo", {"data_batch_1": memo})
    write_folder(folder / "claims", {"data_batch_1": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 33) + b"."})
    write_folder(folder / "list", {"data_batch_1": pickle.dumps({"data": [0] * 1000, "labels": []})})
    write_folder(folder / "png", {"a/1.png": png_bomb(400), "b/1.png": png_bomb(400)})
    (folder / "line.csv").write_bytes(b"1," * (20 << 20))
    with (folder / "sparse.bin").open("wb") as file:
        file.truncate(3073 * 150_000 + 1)
    return sorted(path for path in folder.iterdir())


def test_a_bomb_of_any_format_is_refused_in_little_memory(tmp_path):
    paths = [str(path) for path in bombs(tmp_path)]
    argv = [sys.executable, "-c", _SCRIPT % _MOST_GROWN_MIB, *paths]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
