"""Examples as PNG pictures for people."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.data import Images


def as_png(image: npt.NDArray[np.uint8]) -> bytes:
    """Return an image (height, width, 1, 3 or 4) of 8 bits as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


def visible(images: Images) -> npt.NDArray[np.uint8]:
    """Return images (n, height, width, channels) in 8 bits with one, three or four channels.

    Bytes that use their range stay as they are; other numbers are spread over it, all images alike. Of any other number
    of channels the first is shown.
    """
    shown = images if images.shape[-1] in {1, 3, 4} else images[..., :1]
    if shown.dtype == np.uint8 and shown.size and shown.max() > 127:
        return np.asarray(shown, np.uint8)
    values = shown.astype(np.float64)
    low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
    return np.asarray((values - low) * (255.0 / max(high - low, 1e-12)) + 0.5, np.uint8)
