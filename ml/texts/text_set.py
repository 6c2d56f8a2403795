"""Texts in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.data.held_out_last import HeldOutLast


@dataclass(frozen=True, slots=True, eq=False)
class TextSet(HeldOutLast):
    """Checked texts: none is empty, and there are at least two classes. It is a `Labelled`."""

    source: str
    """As the spec names it."""
    texts: tuple[str, ...]
    labels: Labels
    class_names: tuple[str, ...]
    provenance: str
    licence: str
    synthetic: bool = False
    format: str = "csv"
    dropped: Mapping[str, int] = field(default_factory=dict)
    own_validation_from: int | None = None
    own_test_from: int | None = None
    file_rows: npt.NDArray[np.int64] | None = None
    """Shape (texts,): where each is in the file. None: at its place, or there is a file for each."""
    column: str = ""
    """What the column of texts is called, where they are in one."""
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", _content_digest(self))


def _content_digest(texts: TextSet) -> str:
    digest = hashlib.sha256(repr((texts.class_names, texts.own_validation_from, texts.own_test_from)).encode())
    for text in texts.texts:
        content = text.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "little") + content)
    digest.update(texts.labels.astype("<i8").tobytes())
    return digest.hexdigest()
