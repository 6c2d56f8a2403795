"""Makes files in the formats that can be read, byte by byte, sound and otherwise."""

from __future__ import annotations

import gzip
import io
import pickle
import stat
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from ml.data import Dataset, load_dataset
from ml.data.cifar import CLASSES
from trainshed.specs import Data

_IDX_TYPES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}


def load(path: Path, **settings: object) -> Dataset:
    """Read a file or folder as `data.path`."""
    return load_dataset(Data.model_validate({"path": str(path), **settings}), roots=(path.parent,))


def idx(array: np.ndarray, *, shape: tuple[int, ...] | None = None) -> bytes:
    """Return an array as an idx file; `shape` is what its header says instead of the truth."""
    said = array.shape if shape is None else shape
    header = bytes([0, 0, _IDX_TYPES[array.dtype.name], len(said)])
    sizes = b"".join(size.to_bytes(4, "big") for size in said)
    return header + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def mnist(parts: Mapping[str, tuple[np.ndarray, np.ndarray]], *, zipped: bool = True) -> dict[str, bytes]:
    """Return the files of MNIST by name. Parts are `train` and `t10k`."""
    files = {}
    for part, (images, labels) in parts.items():
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(labels)
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()} if zipped else files


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes], *, deflate: bool = False) -> Path:
    """Write files into a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: Mapping[str, bytes], *, mode: str = "w:gz") -> Path:
    """Write files into a tar."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_members(path: Path, members: Iterable[tarfile.TarInfo], *, mode: str = "w:gz") -> Path:
    """Write members without content into a tar: links, devices, lies."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            archive.addfile(member)
    return path


def zip_link(name: str) -> zipfile.ZipInfo:
    """Return an entry that is a link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


Labelled = tuple[np.ndarray, np.ndarray]


def python_batches(train: Labelled, test: Labelled, *, protocol: int = 2) -> dict[str, bytes]:
    """Return CIFAR-10's pickled batches as the description of the format has them."""
    files = {"batches.meta": pickle.dumps({"label_names": list(CLASSES), "num_cases_per_batch": 20}, protocol)}
    split = zip(*map(np.array_split, train, (5, 5)), strict=True)
    batches = {f"data_batch_{number}": batch for number, batch in enumerate(split, start=1)} | {"test_batch": test}
    for name, (images, labels) in batches.items():
        rows = np.ascontiguousarray(images.transpose(0, 3, 1, 2).reshape(len(labels), -1))
        names = [f"{number}.png" for number in range(len(labels))]
        batch = {"data": rows, "labels": labels.tolist(), "batch_label": name, "filenames": names}
        files[name] = pickle.dumps(batch, protocol)
    return files


def png_files(train: Labelled, test: Labelled) -> dict[str, bytes]:
    """Return each image as a PNG in the folder of its class, numbered so that the order of names is that of rows."""
    files = {}
    for part, (images, labels) in (("train", train), ("test", test)):
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            content = io.BytesIO()
            Image.fromarray(image).save(content, "PNG")
            files[f"{part}/{CLASSES[label]}/{number:05d}.png"] = content.getvalue()
    return files
