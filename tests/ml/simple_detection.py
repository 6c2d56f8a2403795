"""Decoding and average precision once more, in plain loops: what the fast ones are held to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Answer:
    """A box on a picture."""

    picture: int
    kind: int
    score: float
    box: Box


def decoded(maps: np.ndarray, *, picture: int, kinds: int, stride: int) -> list[Answer]:
    """Return the cells that no neighbour exceeds, as boxes; `maps` (height, width, kinds + 4) are of one picture."""
    height, width, _ = maps.shape
    answers = []
    for kind in range(kinds):
        for row in range(height):
            for column in range(width):
                around = maps[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2, kind]
                score = 1 / (1 + np.exp(-float(maps[row, column, kind])))
                if maps[row, column, kind] < around.max() or score < 0.01:
                    continue
                right, down, wide, high = map(float, maps[row, column, kinds:])
                x, y = (column + 0.5 + right) * stride, (row + 0.5 + down) * stride
                half_w, half_h = 4 * stride * np.exp(wide), 4 * stride * np.exp(high)
                answers.append(Answer(picture, kind, score, (x - half_w, y - half_h, x + half_w, y + half_h)))
    return sorted(answers, key=lambda answer: -answer.score)[:100]


def overlap(one: Box, other: Box) -> float:
    """Return intersection over union."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    common = max(wide, 0) * max(high, 0)
    area = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return common / (area - common)


def average_precision(answers: list[Answer], truth: list[tuple[int, Box]], least: float) -> float:
    """Return it for one class at one overlap: the mean over recalls of 0, 0.01, ... 1."""
    taken: set[int] = set()
    points = []
    right = 0
    for said, answer in enumerate(sorted(answers, key=lambda each: -each.score), start=1):
        best, most = None, least
        for number, (picture, box) in enumerate(truth):
            if picture == answer.picture and number not in taken and overlap(answer.box, box) >= most:
                best, most = number, overlap(answer.box, box)
        if best is not None:
            taken.add(best)
            right += 1
        points.append((right / len(truth), right / said))
    total = 0.0
    for step in range(101):
        total += max((precision for recall, precision in points if recall >= step / 100 - 1e-12), default=0.0)
    return total / 101


def mean_average_precision(answers: list[Answer], truth: list[tuple[int, int, Box]], least: float) -> float:
    """Return the mean over the classes that occur; truth is of picture, class and box."""
    each = [
        average_precision(
            [answer for answer in answers if answer.kind == kind],
            [(picture, box) for picture, number, box in truth if number == kind],
            least,
        )
        for kind in sorted({number for _, number, _ in truth})
    ]
    return sum(each) / len(each)
