"""Images with labels, in memory, with the facts that go on a model's card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""Shape (examples, height, width, channels)."""
Labels = npt.NDArray[np.int64]
"""Shape (examples,), each from 0 to classes - 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A checked dataset: all pixels are finite, and each class has at least one example to train on.

    Examples that the data itself holds out for testing come after all others, from row `own_test_from` on.
    """

    source: str
    """As the spec names it: `builtin/...`, an uploaded version such as `faces@2`, or an absolute path."""
    images: Images
    labels: Labels
    class_names: tuple[str, ...]
    own_test_from: int | None
    provenance: str
    licence: str
    digest: str = field(init=False)
    """SHA-256 of the content, in hexadecimal."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", content_digest(self.images, self.labels, self.own_test_from))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    @property
    def n_classes(self) -> int:
        return len(self.class_names)


def content_digest(images: Images, labels: Labels, own_test_from: int | None) -> str:
    """Return the SHA-256 of what a model can learn from: dtypes, shapes, values, and the data's own division."""
    digest = hashlib.sha256(f"own_test_from={own_test_from}\n".encode())
    for name, array in (("images", images), ("labels", labels)):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
