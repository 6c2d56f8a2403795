"""Average precision by hand, and against an implementation in plain loops; thresholds, intervals, mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.boxes.peaks import Found, as_found, peaks
from ml.evaluation.detection import (
    OVERLAPS,
    Truth,
    at_score,
    average_precision,
    best_threshold,
    judge,
    mean_average_precision,
    overlaps,
    precision_recall,
)
from ml.evaluation.detection_intervals import detection_intervals, detection_metrics
from ml.evaluation.detection_mistakes import mistakes
from tests.ml import simple_detection
from tests.ml.simple_detection import Answer

Box = tuple[float, float, float, float]
WHOLE: Box = (10, 10, 20, 20)
HALF_OFF: Box = (10, 10, 20, 30)
"""Overlaps WHOLE by exactly one half."""
ELSEWHERE: Box = (50, 50, 60, 60)


def truth_of(*boxes: tuple[int, int, Box], count: int = 3) -> Truth:
    """Return true boxes of (picture, class, box)."""
    pictures, classes = (np.array([each[at] for each in boxes], np.int64) for at in (0, 1))
    return Truth(count, pictures, classes, np.array([each[2] for each in boxes], np.float32).reshape(-1, 4))


def found_of(*boxes: tuple[int, int, float, Box]) -> Found:
    """Return boxes found, of (picture, class, score, box)."""
    pictures, classes = (np.array([each[at] for each in boxes], np.int64) for at in (0, 1))
    scores = np.array([each[2] for each in boxes], np.float64)
    return Found(pictures, classes, scores, np.array([each[3] for each in boxes], np.float32).reshape(-1, 4))


BY_HAND = {
    "all found": ([(0, 0, 0.9, WHOLE), (1, 0, 0.8, WHOLE)], 1.0),
    "nothing found": ([], 0.0),
    "one of two found": ([(0, 0, 0.9, WHOLE)], 51 / 101),
    "a surer wrong one before": ([(0, 0, 0.9, ELSEWHERE), (0, 0, 0.8, WHOLE), (1, 0, 0.7, WHOLE)], 2 / 3),
    "a wrong one in between": (
        [(0, 0, 0.9, WHOLE), (0, 0, 0.8, ELSEWHERE), (1, 0, 0.7, WHOLE)],
        (51 * 1.0 + 50 * 2 / 3) / 101,
    ),
    "the same box twice": ([(0, 0, 0.9, WHOLE), (0, 0, 0.8, WHOLE)], 51 / 101),
    "on the wrong picture": ([(2, 0, 0.9, WHOLE)], 0.0),
    "of the wrong class": ([(0, 1, 0.9, WHOLE)], 0.0),
    "overlapping by exactly one half": ([(0, 0, 0.9, HALF_OFF), (1, 0, 0.8, HALF_OFF)], 1.0),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_average_precision_is_what_comes_out_by_hand(name):
    found, expected = BY_HAND[name]
    (judged, _) = judge(truth_of((0, 0, WHOLE), (1, 0, WHOLE)), found_of(*found), n_classes=2)
    assert average_precision(judged)[0] == pytest.approx(expected)


def test_a_box_counts_up_to_the_overlap_it_has():
    (judged,) = judge(truth_of((0, 0, WHOLE)), found_of((0, 0, 0.9, (10, 10, 20, 23))), n_classes=1)
    assert dict(zip(OVERLAPS, average_precision(judged) == 1, strict=True)) == {
        each: each <= 10 / 13 for each in OVERLAPS
    }


def test_the_surest_box_takes_the_true_one_that_it_overlaps_most():
    beside: Box = (14, 10, 24, 20)
    truth = truth_of((0, 0, WHOLE), (0, 0, beside))
    (judged,) = judge(truth, found_of((0, 0, 0.9, beside), (0, 0, 0.8, WHOLE)), n_classes=1)
    assert judged.hits[0].tolist() == [True, True]


def test_a_class_that_does_not_occur_takes_no_part_in_the_mean():
    judged = judge(truth_of((0, 0, WHOLE)), found_of((0, 0, 0.9, WHOLE), (0, 1, 0.9, WHOLE)), n_classes=2)
    assert average_precision(judged[1]) is None
    assert mean_average_precision(judged)[0] == 1


box = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(4, 12), st.integers(4, 12)).map(
    lambda each: (float(each[0]), float(each[1]), float(each[0] + each[2]), float(each[1] + each[3]))
)
place = st.tuples(st.integers(0, 2), st.integers(0, 1))


@settings(max_examples=150, deadline=None)
@given(
    true=st.lists(st.tuples(place, box), min_size=1, max_size=8),
    said=st.lists(st.tuples(place, box), max_size=14),
    order=st.randoms(use_true_random=False),
)
def test_plain_loops_come_to_the_same_mean_average_precision(true, said, order):
    scores = [(at + 1) / 20 for at in range(len(said))]
    order.shuffle(scores)
    truth = truth_of(*((*where, edges) for where, edges in true))
    found = found_of(*((*where, score, edges) for (where, edges), score in zip(said, scores, strict=True)))
    each = mean_average_precision(judge(truth, found, n_classes=2))
    answers = [Answer(*where, score, edges) for (where, edges), score in zip(said, scores, strict=True)]
    for least, value in zip(OVERLAPS, each, strict=True):
        expected = simple_detection.mean_average_precision(answers, [(*where, edges) for where, edges in true], least)
        assert value == pytest.approx(expected, abs=1e-9)


def test_overlaps_are_intersection_by_union():
    boxes = np.array([WHOLE, HALF_OFF, ELSEWHERE], np.float32)
    np.testing.assert_allclose(overlaps(boxes, boxes), [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])


FOUND = found_of((0, 0, 0.9, WHOLE), (0, 0, 0.6, ELSEWHERE), (1, 1, 0.5, WHOLE), (2, 0, 0.2, ELSEWHERE))
TRUE = truth_of((0, 0, WHOLE), (1, 1, WHOLE), (2, 0, WHOLE))


def test_precision_and_recall_count_the_boxes_from_a_score_on():
    judged = judge(TRUE, FOUND, n_classes=2)
    assert at_score(judged, 0.5) == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3})
    assert at_score(judged, 0.95) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_the_threshold_is_the_score_with_the_best_f1():
    assert best_threshold(TRUE, FOUND) == 0.5
    assert best_threshold(TRUE, found_of()) == 0.3


def test_precision_and_recall_at_each_score_are_those_of_the_boxes_from_it_on():
    judged = judge(TRUE, FOUND, n_classes=2)
    scores, precision, recall = precision_recall(judged)
    assert scores.tolist() == [0.9, 0.6, 0.5, 0.2]
    for score, *values in zip(scores, precision, recall, strict=True):
        found = at_score(judged, score)
        assert values == pytest.approx([found["precision"], found["recall"]])


def test_pictures_that_count_twice_are_pictures_that_are_there_twice():
    weights = np.array([2, 1, 0])
    doubled = found_of(*((0, 0, 0.9, WHOLE), (0, 0, 0.6, ELSEWHERE), (1, 1, 0.5, WHOLE)), (2, 0, 0.9, WHOLE))
    doubled = Found(
        np.append(doubled.pictures, 2),
        np.append(doubled.classes, 0),
        np.append(doubled.scores, 0.6),
        np.append(doubled.boxes, [ELSEWHERE], axis=0).astype(np.float32),
    )
    other = truth_of((0, 0, WHOLE), (1, 1, WHOLE), (2, 0, WHOLE))
    expected = detection_metrics(judge(other, doubled, n_classes=2), 0.5)
    assert detection_metrics(judge(TRUE, FOUND, n_classes=2), 0.5, weights) == pytest.approx(expected)


def test_intervals_hold_their_numbers_and_are_the_same_each_time():
    judged = judge(TRUE, FOUND, n_classes=2)
    metrics, intervals = detection_metrics(judged, 0.5), detection_intervals(judged, 0.5)
    assert intervals == detection_intervals(judged, 0.5)
    for name, interval in intervals.items():
        assert interval.low <= metrics[name] <= interval.high
    assert intervals["map_50"].low < intervals["map_50"].high


def test_mistakes_are_boxes_that_were_missed_and_boxes_that_are_not_true():
    assert mistakes(TRUE, FOUND).tolist() == [1, 0, 2]


def test_peaks_are_the_cells_that_plain_loops_find():
    random = np.random.Generator(np.random.PCG64(1))
    maps = random.normal(size=(2, 6, 5, 7)).astype(np.float32)
    found = as_found(np.asarray(peaks(maps, n_classes=3, stride=4)), first=10)
    for picture in (0, 1):
        expected = simple_detection.decoded(maps[picture], picture=picture, kinds=3, stride=4)
        mine = found.where(found.pictures == picture + 10)
        assert mine.classes.tolist() == [one.kind for one in expected]
        np.testing.assert_allclose(mine.scores, [one.score for one in expected], rtol=1e-5)
        np.testing.assert_allclose(mine.boxes, [one.box for one in expected], rtol=1e-4, atol=1e-3)
