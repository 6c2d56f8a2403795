"""Where a place of a picture file comes to lie when the picture is brought to another size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.boxes.box_set import Boxes
from trainshed.specs import Pictures


@dataclass(frozen=True, slots=True)
class Frame:
    """x becomes `x * scale_x + shift_x`, and y the same; in pixels."""

    scale_x: float = 1.0
    shift_x: float = 0.0
    scale_y: float = 1.0
    shift_y: float = 0.0

    def placed(self, boxes: Boxes) -> Boxes:
        """Return where boxes (n, 4) come to lie, maybe in part outside of the picture."""
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        shift = np.array([self.shift_x, self.shift_y] * 2, np.float32)
        return np.asarray(boxes * scale + shift, np.float32)

    def undone(self, boxes: Boxes) -> Boxes:
        """Return where boxes (n, 4) came from."""
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        shift = np.array([self.shift_x, self.shift_y] * 2, np.float32)
        return np.asarray((boxes - shift) / scale, np.float32)

    def then(self, other: Frame) -> Frame:
        """Return both, this one first."""
        return Frame(
            self.scale_x * other.scale_x,
            self.shift_x * other.scale_x + other.shift_x,
            self.scale_y * other.scale_y,
            self.shift_y * other.scale_y + other.shift_y,
        )


def frame_of(height: int, width: int, asked: Pictures | None) -> Frame:
    """Return what `ml.data.picture` does to a picture of this size."""
    if asked is None or (height, width) == (asked.height, asked.width):
        return Frame()
    across, down = asked.width / width, asked.height / height
    match asked.fit:
        case "stretch":
            return Frame(across, 0.0, down, 0.0)
        case "crop":
            scale = max(across, down)
            return Frame(scale, (asked.width - width * scale) / 2, scale, (asked.height - height * scale) / 2)
        case "pad":
            return _padded(height, width, asked)


def _padded(height: int, width: int, asked: Pictures) -> Frame:
    """As `PIL.ImageOps.pad` does it: the longer side fills its own, the other is rounded and put in the middle."""
    if width * asked.height > height * asked.width:
        inner_width, inner_height = asked.width, max(1, round(height / width * asked.width))
    else:
        inner_width, inner_height = max(1, round(width / height * asked.height)), asked.height
    left, top = round((asked.width - inner_width) / 2), round((asked.height - inner_height) / 2)
    return Frame(inner_width / width, float(left), inner_height / height, float(top))
