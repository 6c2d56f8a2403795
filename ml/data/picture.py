"""Decodes one picture file. Its header is looked at before its pixels: it may promise any number of them."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from ml.data.limits import MAX_PIXELS
from trainshed.specs import Pictures

FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
Mode = Literal["grey", "rgb", "transparent"]
_DAMAGED: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""Pillow has no common class for what is wrong with a file."""
_MODES: Final[dict[str, Mode]] = {"1": "grey", "L": "grey", "I;16": "grey", "I;16B": "grey", "I": "grey"}
_FITS: Final = {"stretch": None, "crop": ImageOps.fit, "pad": ImageOps.pad}


class BadPictureError(Exception):
    """The file is no picture that can be decoded."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture."""

    pixels: npt.NDArray[np.uint8]
    """Shape (height, width, channels), as it was asked for."""
    mode: Mode
    """Of the file."""
    height: int
    """Of the file, upright."""
    width: int


def decode(content: bytes, asked: Pictures | None) -> tuple[npt.NDArray[np.uint8], Mode]:
    """Return the pixels (height, width, channels), upright, and which colours the file has.

    Only the first frame of an animation is read. EXIF is dropped, after its orientation was applied. Raises
    `BadPictureError`.
    """
    decoded = decode_whole(content, asked)
    return decoded.pixels, decoded.mode


def decode_whole(content: bytes, asked: Pictures | None) -> Decoded:
    """Do the same, and say how large the picture is in its file. Raises `BadPictureError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # of EXIF that is damaged: it is dropped anyway
            return _decode(content, asked)
    except _DAMAGED as error:
        raise BadPictureError(str(error) or type(error).__name__) from error


def _decode(content: bytes, asked: Pictures | None) -> Decoded:
    with Image.open(io.BytesIO(content), formats=FORMATS) as checked:
        if checked.width * checked.height > MAX_PIXELS:
            raise BadPictureError(f"{checked.width} x {checked.height} are more than {MAX_PIXELS:,} pixels")
        checked.verify()
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        mode = _mode_of(upright)
        plain = _in_colours(upright, mode if asked is None else asked.mode)
    fitted = plain if asked is None else _fitted(plain, asked)
    pixels = np.asarray(fitted, np.uint8)
    whole = pixels if pixels.ndim == 3 else pixels[..., np.newaxis]
    return Decoded(whole, mode, height=upright.height, width=upright.width)


def _mode_of(image: Image.Image) -> Mode:
    if image.has_transparency_data:
        return "transparent"
    return _MODES.get(image.mode, "rgb")


def _in_colours(image: Image.Image, mode: Mode) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        deep = np.asarray(image).astype(np.uint32) >> 8
        image = Image.fromarray(deep.astype(np.uint8))
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", coloured.size, (0, 0, 0, 255)), coloured).convert("RGB")
    return image.convert("L" if mode == "grey" else "RGB")


def _fitted(image: Image.Image, asked: Pictures) -> Image.Image:
    size = (asked.width, asked.height)
    if image.size == size:
        return image
    fit = _FITS[asked.fit]
    return image.resize(size, Image.Resampling.BILINEAR) if fit is None else fit(image, size, Image.Resampling.BILINEAR)
