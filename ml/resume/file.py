"""One file for one state: `TSSTATE1`, the length of a JSON manifest, the manifest, then the bytes of the arrays.

    magic 8 bytes | length of the manifest, 8 bytes, big-endian | its SHA-256, 32 bytes | manifest | arrays

The manifest gives dtype, shape, place and SHA-256 of each array. A file appears whole or not at all, and stays what it
was over a power cut: it is written beside its place, brought to the disk, and renamed. Nothing in it is code, and no
size is believed before it was compared with what the file has.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml.resume.state import Array, Position, TrainingState, plain

_MAGIC: Final = b"TSSTATE1"
_LENGTH: Final = 8
_DIGEST: Final = 32
_HEAD: Final = len(_MAGIC) + _LENGTH + _DIGEST
_LARGEST_MANIFEST: Final = 64 * 2**20


class DamagedState(Exception):
    """The file is no state that this version wrote: cut, changed, or something else."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class _Entry(_Model):
    name: Annotated[str, Field(min_length=1, max_length=500)]
    dtype: Annotated[str, Field(pattern=r"^[<|][biufc](1|2|4|8|16)$")]
    shape: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**40)], ...], Field(max_length=16)]
    offset: Annotated[int, Field(ge=0)]
    """Counted from the first byte behind the manifest."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * int(self.dtype[2:])


class _Manifest(_Model):
    step: Annotated[int, Field(ge=0)]
    epoch: Annotated[int, Field(ge=0)]
    step_in_epoch: Annotated[int, Field(ge=0)]
    arrays: tuple[_Entry, ...]
    values: dict[str, Any]
    environment: dict[str, Any]


def write_state(state: TrainingState, path: Path) -> None:
    """Write the state to `path`. Raises `OSError`; what was there before is then still there."""
    arrays = {name: plain(array) for name, array in state.arrays.items()}
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            _write(file, _manifest(state, arrays), arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def read_state(path: Path) -> TrainingState:
    """Read a state and check every byte of it. Raises `DamagedState`, and `OSError` when it cannot be read at all."""
    with path.open("rb") as file:
        manifest = _read_manifest(file)
        size = os.fstat(file.fileno()).st_size
        start = file.tell()
        arrays = {entry.name: _read_array(file, entry, start, size) for entry in manifest.arrays}
    return TrainingState(
        position=Position(manifest.step, manifest.epoch, manifest.step_in_epoch),
        arrays=arrays,
        values=manifest.values,
        environment=manifest.environment,
    )


# --- write ---


def _manifest(state: TrainingState, arrays: Mapping[str, Array]) -> bytes:
    document = {
        "step": state.position.step,
        "epoch": state.position.epoch,
        "step_in_epoch": state.position.step_in_epoch,
        "arrays": list(_entries(arrays)),
        "values": dict(state.values),
        "environment": dict(state.environment),
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()


def _entries(arrays: Mapping[str, Array]) -> Iterator[dict[str, Any]]:
    offset = 0
    for name, array in arrays.items():
        yield {
            "name": name,
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "offset": offset,
            "sha256": hashlib.sha256(_bytes(array)).hexdigest(),
        }
        offset += array.nbytes


def _bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _write(file: BinaryIO, manifest: bytes, arrays: Mapping[str, Array]) -> None:
    file.write(_MAGIC + len(manifest).to_bytes(_LENGTH) + hashlib.sha256(manifest).digest() + manifest)
    file.writelines(_bytes(array) for array in arrays.values())


def _sync_folder(folder: Path) -> None:
    """A rename is durable only after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- read ---


def _read_manifest(file: BinaryIO) -> _Manifest:
    head = file.read(_HEAD)
    length = int.from_bytes(head[len(_MAGIC) : len(_MAGIC) + _LENGTH])
    if len(head) < _HEAD or not head.startswith(_MAGIC) or length > _LARGEST_MANIFEST:
        raise DamagedState("it does not begin like a state")
    text = file.read(length)
    if hashlib.sha256(text).digest() != head[-_DIGEST:]:
        raise DamagedState("its manifest is not what was written")
    try:
        return _Manifest.model_validate_json(text)
    except ValidationError as error:
        raise DamagedState(f"its manifest has another form: {error.errors()[0]['msg']}") from error


def _read_array(file: BinaryIO, entry: _Entry, start: int, file_size: int) -> Array:
    if start + entry.offset + entry.size > file_size:
        raise DamagedState(f"{entry.name} is cut short")
    file.seek(start + entry.offset)
    data = bytearray(file.read(entry.size))
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise DamagedState(f"{entry.name} is not what was written")
    return np.frombuffer(data, entry.dtype).reshape(entry.shape)
