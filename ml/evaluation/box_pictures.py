"""Pictures with boxes on them, as PNG: what is true, and what a detector says."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
TRUE: Final[Colour] = (60, 220, 90)
SAID: Final[Colour] = (255, 140, 0)
_LEAST_SIDE: Final = 256
_MOST_SIDE: Final = 512


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box to draw, in pixels of the picture."""

    edges: tuple[float, ...]
    """Left, top, right, bottom."""
    label: str
    colour: Colour


def with_boxes(image: npt.NDArray[np.uint8], boxes: Sequence[Drawn]) -> Image.Image:
    """Return an image (height, width, channels) in RGB with boxes on it, large enough to read their labels."""
    shown = image[..., 0] if image.shape[-1] < 3 else image[..., :3]
    picture = Image.fromarray(np.ascontiguousarray(shown)).convert("RGB")
    scale = _scale(max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    for box in boxes:
        left, top, right, bottom = (edge * scale for edge in box.edges)
        draw.rectangle((left, top, right, bottom), outline=box.colour, width=2)
        _write(draw, font, box, (left, top, bottom), picture.height)
    return picture


def as_small_png(picture: Image.Image) -> bytes:
    """Return a picture as a PNG of 128 colours."""
    content = io.BytesIO()
    picture.quantize(128, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return content.getvalue()


def _scale(side: int) -> float:
    if side < _LEAST_SIDE:
        return float(-(-_LEAST_SIDE // side))
    return min(1.0, _MOST_SIDE / side)


def _write(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    box: Drawn,
    edges: tuple[float, float, float],
    height: int,
) -> None:
    """Write what is true above its box, and what is said below, on a dark ground."""
    left, top, bottom = edges
    above, below = max(top - 15, 0), min(bottom + 1, height - 15)
    at = (left + 2, above if box.colour == TRUE else below)
    draw.rectangle(draw.textbbox(at, box.label, font=font), fill=(0, 0, 0))
    draw.text(at, box.label, fill=box.colour, font=font)
