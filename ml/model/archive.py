"""What a `.keras` file must look like before Keras may open it.

Keras has had a dozen ways to run code or read files while it loads a model, most of them in spite of `safe_mode`
(CVE-2025-1550, -8747, -9906, CVE-2026-1462, -1669 among them). Our models consist of few classes, so the list of what
is allowed is short, and everything else is refused.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import h5py

from ml.errors import InvalidData

_ENTRIES: Final = {"metadata.json", "config.json", "model.weights.h5"}
_MAX_BYTES: Final = 4 * 2**30
_MAX_JSON_BYTES: Final = 16 * 2**20
_MAX_RATIO: Final = 100

_LAYERS: Final = (
    "Add",
    "BatchNormalization",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "InputLayer",
    "LayerNormalization",
    "MaxPooling2D",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "ReLU",
    "Rescaling",
    "Resizing",
    "UpSampling2D",
    "ReversibleEmbedding",
    "ZeroPadding2D",
)
_ARITHMETIC: Final = ("Add", "Cumsum", "ExpandDims", "GetItem", "LogicalAnd", "NotEqual", "OnesLike")
ALLOWED_CLASSES: Final[frozenset[tuple[str | None, str]]] = frozenset(
    {
        ("keras.src.models.functional", "Functional"),
        *(("keras.src.ops.numpy", name) for name in _ARITHMETIC),
        ("keras.src.ops.core", "Cast"),
        ("keras.src.ops.math", "Rsqrt"),
        ("keras", "DTypePolicy"),
        ("keras.initializers", "Constant"),
        ("keras.initializers", "GlorotUniform"),
        ("keras.initializers", "Ones"),
        ("keras.initializers", "RandomNormal"),
        ("keras.initializers", "RandomUniform"),
        ("keras.initializers", "Zeros"),
        (None, "__keras_tensor__"),
        (None, "__slice__"),
        *(("keras.layers", name) for name in _LAYERS),
    }
)
"""Module and name of each class that a config may name."""


def check_archive(path: Path) -> None:
    """Raise `InvalidData` unless the file is an archive of plain size whose config and weights are harmless."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, path)
            _check_config(json.loads(archive.read("config.json")), path)
            with archive.open("model.weights.h5") as stream, h5py.File(stream, "r") as weights:
                _check_weights(weights, path)
    except FileNotFoundError as error:
        raise _refusal(path, "is missing") from error
    except (zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        # RecursionError of a config nested too deeply is a RuntimeError.
        raise _refusal(path, f"is damaged: {error}") from error


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    entries = archive.infolist()
    if sorted(entry.filename for entry in entries) != sorted(_ENTRIES):
        raise _refusal(path, f"has {len(entries)} entries, and not exactly {', '.join(sorted(_ENTRIES))}")
    if sum(entry.file_size for entry in entries) > _MAX_BYTES:
        raise _refusal(path, f"holds more than {_MAX_BYTES:,} bytes")
    for entry in entries:
        limit = _MAX_JSON_BYTES if entry.filename.endswith(".json") else _MAX_BYTES
        if entry.file_size > min(limit, max(entry.compress_size, 1) * _MAX_RATIO):
            raise _refusal(path, f"inflates {entry.filename} to {entry.file_size:,} bytes")


def _check_config(config: Any, path: Path) -> None:
    for part in _mappings(config):
        if "class_name" not in part and "module" not in part:
            continue
        named = (part.get("module"), part.get("class_name"))
        registered = part.get("registered_name")
        if named not in ALLOWED_CLASSES or registered not in (None, named[1]):
            raise _refusal(path, f"names the class {named[0]}.{named[1]} (registered as {registered})")


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all mappings within a JSON value."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _check_weights(group: h5py.Group, path: Path) -> None:
    """Refuse links out of the file, external storage, and shapes larger than what is stored."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise _refusal(path, f"has the link {name} in its weights")
        member = group[name]
        if isinstance(member, h5py.Group):
            _check_weights(member, path)
        elif member.external or member.is_virtual or member.nbytes > member.id.get_storage_size():
            raise _refusal(path, f"has weights {member.name} that are not stored in it")


def _refusal(path: Path, problem: str) -> InvalidData:
    return InvalidData(
        f"The model file {path.name} {problem}.",
        remedy="Only models that a train job of Trainshed made can be evaluated.",
        path=path.name,
    )
