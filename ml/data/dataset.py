"""Images with labels, in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ml.data.held_out_last import HeldOutLast
from ml.decoded_manifest import digest_head

Images = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""Shape (examples, height, width, channels)."""
Labels = npt.NDArray[np.int64]
"""Shape (examples,), each from 0 to classes - 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset(HeldOutLast):
    """A checked dataset: all pixels are finite, and each class has at least one example to train on.

    Examples that the data itself holds out come after all others: those for validation from row `own_validation_from`
    on, then those for testing from row `own_test_from` on. None: the data holds out none.
    """

    source: str
    """As the spec names it: `builtin/...`, an uploaded version such as `faces@2`, or an absolute path."""
    images: Images
    labels: Labels
    class_names: tuple[str, ...]
    own_test_from: int | None
    provenance: str
    licence: str
    own_validation_from: int | None = None
    synthetic: bool = False
    """Whether it was made by a program, so that results on it say nothing about the world."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many examples cleaning took out, by why."""
    format: str = "builtin"
    """How it was stored."""
    equal: Labels | None = None
    """For each image the first row with the same pixels, where that is known already."""
    digest: str = ""
    """SHA-256 of the content, in hexadecimal; reckoned where it is not given."""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", content_digest(self))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    @property
    def n_classes(self) -> int:
        return len(self.class_names)


def content_digest(dataset: Dataset) -> str:
    """Return the SHA-256 of what a model can learn from: dtypes, shapes, values, and the data's own division."""
    digest = hashlib.sha256(digest_head(dataset.own_validation_from, dataset.own_test_from))
    for name, array in (("images", dataset.images), ("labels", dataset.labels)):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
