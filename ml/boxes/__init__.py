"""Pictures with boxes: sources of them, how they are divided, and how boxes follow what happens to pictures."""

from ml.boxes.box_set import Boxes, BoxSet
from ml.boxes.load import load_boxes

__all__ = ["BoxSet", "Boxes", "load_boxes"]
