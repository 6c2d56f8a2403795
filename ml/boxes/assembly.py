"""From what a format says to one checked `BoxSet`. Every format ends here, so that all are held to the same."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.boxes.annotated import Annotated, Annotations, RawBox, Unit, refusal
from ml.boxes.box_set import Boxes, BoxSet
from ml.boxes.frames import Frame, frame_of
from ml.boxes.visible import visible
from ml.data.about import About
from ml.data.files import DataSource
from ml.data.limits import MAX_BYTES, MAX_CLASSES
from ml.data.parts import ORDER
from ml.data.picture import BadPictureError, Decoded, decode_whole
from ml.data.pictures import content_of
from ml.data.tree import Tree, shown
from ml.errors import InvalidData
from trainshed.specs import Clean, Data, Pictures

MOST_BOXES: Final = 500
"""Of one picture."""
_ROUNDING: Final = 1.0
"""Pixels that a box may reach beyond its picture: tools round."""


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    said: Annotated
    decoded: Decoded
    frame: Frame
    boxes: Boxes
    classes: tuple[str, ...]


def assemble(found: Annotations, tree: Tree, source: DataSource, data: Data, about: About) -> BoxSet:
    """Decode the pictures, check the boxes, and let them follow. Raises `InvalidData` that names file and box."""
    refuse_other_cleaning(data.clean)
    names = _class_names(found, tree)
    dropped: Counter[str] = Counter()
    ordered = sorted(found.pictures, key=lambda each: ORDER.index(each.part))
    pictures = list(_read(ordered, found.unit, tree, data, dropped))
    _refuse_none(pictures, tree)
    _refuse_unlike(pictures, data.images, tree)
    counts = {part: sum(each.said.part == part for each in pictures) for part in ORDER}
    before_test = counts["train"] + counts["validation"]
    number = {name: at for at, name in enumerate(names)}
    return BoxSet(
        source=source.name,
        images=np.stack([each.decoded.pixels for each in pictures]),
        boxes=np.concatenate([each.boxes for each in pictures]),
        classes=np.array([number[name] for each in pictures for name in each.classes], np.int64),
        firsts=np.cumsum([0, *(len(each.boxes) for each in pictures)]).astype(np.int64),
        class_names=names,
        names=tuple(shown(each.said.entry.name) for each in pictures),
        frames=np.array([_numbers(each.frame) for each in pictures], np.float32),
        provenance=about.provenance or source.provenance,
        licence=about.licence or "not stated",
        synthetic=about.synthetic,
        format=found.format,
        dropped=dict(dropped),
        own_validation_from=counts["train"] if counts["validation"] else None,
        own_test_from=before_test if counts["test"] else None,
    )


def refuse_other_cleaning(clean: Clean) -> None:
    """Refuse what has no meaning here: silently it would do nothing."""
    for field in ("mismatched", "unknown_labels", "constant", "duplicates"):
        if getattr(clean, field) != Clean.model_fields[field].default:
            raise InvalidData(
                f"data.clean.{field} is {getattr(clean, field)}, and it is for pictures with one class each.",
                remedy="Leave it out; data.clean.corrupt: drop leaves out broken pictures and broken boxes.",
                field=f"data.clean.{field}",
            )


def _class_names(found: Annotations, tree: Tree) -> tuple[str, ...]:
    if not 1 <= len(found.class_names) <= MAX_CLASSES:
        raise InvalidData(
            f"{tree.source} names {len(found.class_names):,} classes, and from 1 to {MAX_CLASSES:,} are possible.",
            remedy="Draw boxes around what shall be found, each with the name of its class.",
            path=tree.source,
        )
    return found.class_names


def _read(
    ordered: Sequence[Annotated], unit: Unit, tree: Tree, data: Data, dropped: Counter[str]
) -> Iterator[_Picture]:
    total = 0
    for said in ordered:
        decoded = _decoded(said, tree, data, dropped)
        if decoded is None:
            continue
        total += decoded.pixels.nbytes
        if total > MAX_BYTES:
            remedy = "Set data.images to a smaller height and width, or use fewer."
            raise refusal(tree, said.entry.name, f"brings the pixels to {total:,} bytes, beyond {MAX_BYTES:,}", remedy)
        yield _placed(said, decoded, unit, tree, data, dropped)


def _decoded(said: Annotated, tree: Tree, data: Data, dropped: Counter[str]) -> Decoded | None:
    try:
        return decode_whole(content_of(said.entry), data.images)
    except BadPictureError as error:
        if data.clean.corrupt == "drop":
            dropped["corrupt"] += 1
            return None
        remedy = "Repair or remove it, or set data.clean.corrupt to drop."
        raise refusal(tree, said.entry.name, f"is no picture that can be read: {error}", remedy) from error


def _placed(said: Annotated, decoded: Decoded, unit: Unit, tree: Tree, data: Data, dropped: Counter[str]) -> _Picture:
    if len(said.boxes) > MOST_BOXES:
        raise refusal(
            tree,
            said.said_in,
            f"has {len(said.boxes):,} boxes for {shown(said.entry.name)}, and {MOST_BOXES} are the limit",
            "Cut the picture into pieces.",
        )
    sound = _sound(said, decoded, unit, tree, data.clean, dropped)
    frame = frame_of(decoded.height, decoded.width, data.images)
    whole = np.array([edges for edges, _ in sound], np.float32).reshape(-1, 4)
    within = whole.clip(0, np.array([decoded.width, decoded.height] * 2, np.float32))
    boxes, kept = visible(frame.placed(within), *decoded.pixels.shape[:2])
    if not kept.all():
        dropped["cut_off"] += int(np.count_nonzero(~kept))
    classes = tuple(name for (_, name), is_kept in zip(sound, kept, strict=True) if is_kept)
    return _Picture(said, decoded, frame, boxes[kept], classes)


def _sound(
    said: Annotated, decoded: Decoded, unit: Unit, tree: Tree, clean: Clean, dropped: Counter[str]
) -> list[tuple[tuple[float, ...], str]]:
    """Return edges in pixels of the file, and class, of each box that is one."""
    sound = []
    for box in said.boxes:
        edges = _in_pixels(box, unit, decoded)
        problem = _problem(edges, decoded)
        if problem is None:
            sound.append((edges, box.class_name))
        elif clean.corrupt == "drop":
            dropped["broken_boxes"] += 1
        else:
            raise refusal(
                tree,
                said.said_in,
                f"{box.place}: the box of {shown(box.class_name)} on {shown(said.entry.name)} {problem}",
                "Correct it, or set data.clean.corrupt to drop.",
            )
    return sound


def _in_pixels(box: RawBox, unit: Unit, decoded: Decoded) -> tuple[float, ...]:
    if unit == "pixels":
        return box.edges
    sides = (decoded.width, decoded.height) * 2
    return tuple(edge * side for edge, side in zip(box.edges, sides, strict=True))


def _problem(edges: tuple[float, ...], decoded: Decoded) -> str | None:
    """Return what is wrong with a box in words; None: nothing."""
    if not all(map(math.isfinite, edges)):
        return f"has an edge that is no number: {_said(edges)}"
    left, top, right, bottom = edges
    if right <= left or bottom <= top:
        return f"has no area: {_said(edges)}"
    if min(left, top) < -_ROUNDING or right > decoded.width + _ROUNDING or bottom > decoded.height + _ROUNDING:
        return f"reaches beyond its {decoded.width} x {decoded.height} pixels: {_said(edges)}"
    return None


def _said(edges: tuple[float, ...]) -> str:
    names = ("left", "top", "right", "bottom")
    return ", ".join(f"{name} {edge:g}" for name, edge in zip(names, edges, strict=True))


def _refuse_none(pictures: Sequence[_Picture], tree: Tree) -> None:
    if not any(len(each.boxes) for each in pictures if each.said.part == "train"):
        raise InvalidData(
            f"{tree.source} has no box to train on, in {len(pictures):,} pictures.",
            remedy="Draw boxes around what shall be found.",
            path=tree.source,
        )


def _refuse_unlike(pictures: Sequence[_Picture], asked: Pictures | None, tree: Tree) -> None:
    if asked is not None:
        return
    shapes = Counter(each.decoded.pixels.shape for each in pictures)
    (most, _), *others = shapes.most_common()
    if others:
        odd = next(each for each in pictures if each.decoded.pixels.shape != most)
        height, width, _ = odd.decoded.pixels.shape
        mode = "grey" if most[2] == 1 else "rgb"
        side = max(16, min(round(min(most[:2]) / 16) * 16, 512))
        raise refusal(
            tree,
            odd.said.entry.name,
            f"has {height} x {width} pixels and {odd.decoded.pixels.shape[2]} channel(s), and most pictures are"
            f" {most[0]} x {most[1]} with {most[2]}",
            f"Set data.images to one size, for example {{height: {side}, width: {side}, mode: {mode}, fit: pad}}; boxes"
            " follow.",
        )


def _numbers(frame: Frame) -> tuple[float, float, float, float]:
    return frame.scale_x, frame.shift_x, frame.scale_y, frame.shift_y
