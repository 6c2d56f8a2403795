"""Measures a detector on one share of its pictures, or on other pictures.

Reads `inputs/model.keras` and `inputs/model.json`, writes `evaluation.json` (see `ml.evaluation.detection_document`),
`report.html`, and pictures with boxes below `pictures/`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.boxes import BoxSet, load_boxes
from ml.boxes.box_set import in_classes
from ml.boxes.division import divide_pictures
from ml.boxes.peaks import Found
from ml.errors import InvalidData
from ml.evaluation.box_pictures import SAID, TRUE, Drawn, as_small_png, with_boxes
from ml.evaluation.detection import (
    OVERLAPS,
    Judged,
    Truth,
    average_precision,
    judge,
    mean_average_precision,
    precision_recall,
)
from ml.evaluation.detection_document import (
    DetectedClass,
    DetectionBaseline,
    DetectionDocument,
    ScorePoint,
    detection_verdict,
)
from ml.evaluation.detection_intervals import detection_intervals, detection_metrics
from ml.evaluation.detection_mistakes import mistakes
from ml.evaluation.detection_report import Shown, render_detection_report
from ml.families.measuring import Chosen, choose_of, open_measured, warn_of_leak
from ml.families.object_detector.card import DetectorCard
from ml.families.object_detector.finding import batch_of, find_boxes
from ml.job import RunSettings, Summary
from ml.report import Report
from ml.training.progress import ProgressMeter
from ml.workspace import Workspace
from trainshed.specs import EvaluateSpec

_MOST_POINTS: Final = 101


def evaluate(
    spec: EvaluateSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Measure and write `evaluation.json`. Raises `InvalidData`, or `Diverged` for outputs that are no numbers."""
    opened = open_measured(spec, workspace, DetectorCard, load_boxes, settings=settings)
    card = opened.card
    pictures = in_classes(opened.examples, card.classes)
    _refuse_other_size(pictures, card)
    chosen = choose_of(spec, opened.data, pictures, card, lambda split: divide_pictures(pictures, split))
    warn_of_leak(chosen, spec, report)
    steps = math.ceil(len(chosen.rows) / batch_of(spec.batch_size, card.input_shape))
    found = find_boxes(
        opened.model,
        pictures,
        chosen.rows,
        n_classes=len(card.classes),
        stride=card.stride,
        frame=card.frame,
        batch_size=spec.batch_size,
        after=ProgressMeter(report, epochs=1, steps_per_epoch=steps, clock=clock).at,
    )
    truth = Truth.of(pictures, chosen.rows)
    document = _document(spec, card, pictures, chosen, truth, found)
    _publish(spec, document, pictures, chosen, truth, found, workspace)
    return _reported(document, report)


def _refuse_other_size(pictures: BoxSet, card: DetectorCard) -> None:
    if pictures.image_shape != card.input_shape:
        raise InvalidData(
            f"{pictures.source} has pictures of {pictures.image_shape}, and the model takes {card.input_shape}.",
            remedy="Height, width and channels must be those of the training data; data.images brings them there.",
            path=pictures.source,
        )


def _document(
    spec: EvaluateSpec, card: DetectorCard, pictures: BoxSet, chosen: Chosen, truth: Truth, found: Found
) -> DetectionDocument:
    judged = judge(truth, found, n_classes=len(card.classes))
    metrics, intervals = detection_metrics(judged, card.threshold), detection_intervals(judged, card.threshold)
    baseline = _baseline(card, truth)
    return DetectionDocument(
        model_name=card.name,
        weights_sha256=card.weights_sha256,
        split=spec.split,
        examples=truth.count,
        seen_in_training=chosen.seen_in_training,
        data=chosen.data,
        data_digest=pictures.digest,
        classes=card.classes,
        boxes=len(truth.classes),
        metrics=metrics,
        intervals=intervals,
        threshold=card.threshold,
        baseline=baseline,
        beats_baseline=baseline.map_50 < intervals["map_50"].low,
        verdict=detection_verdict(metrics["map_50"], intervals["map_50"], baseline),
        per_class=tuple(_of_class(name, one) for name, one in zip(card.classes, judged, strict=True)),
        ap_by_overlap={
            f"{overlap:.2f}": float(value)
            for overlap, value in zip(OVERLAPS, mean_average_precision(judged), strict=True)
        },
        by_score=_by_score(judged),
    )


def _of_class(name: str, judged: Judged) -> DetectedClass:
    each = average_precision(judged)
    return DetectedClass(
        name=name,
        boxes=int(judged.true_counts.sum()),
        ap_50=None if each is None else float(each[0]),
        ap_50_95=None if each is None else float(each.mean()),
    )


def _by_score(judged: tuple[Judged, ...]) -> tuple[ScorePoint, ...]:
    scores, precision, recall = precision_recall(judged)
    chosen = np.unique(np.linspace(0, len(scores) - 1, min(len(scores), _MOST_POINTS)).astype(int))
    return tuple(
        ScorePoint(score=float(scores[at]), precision=float(precision[at]), recall=float(recall[at])) for at in chosen
    )


def _baseline(card: DetectorCard, truth: Truth) -> DetectionBaseline:
    """Answer each picture with the mean box of each class of the train part."""
    counts, classes = np.array(card.data.train_class_counts, np.float64), np.arange(len(card.classes))
    boxes = np.array([[one.left, one.top, one.right, one.bottom] for one in card.mean_boxes], np.float32)
    answers = Found(
        np.repeat(np.arange(truth.count), len(classes)),
        np.tile(classes, truth.count),
        np.tile(counts / counts.sum(), truth.count),
        np.tile(boxes, (truth.count, 1)),
    )
    each = mean_average_precision(judge(truth, answers, n_classes=len(classes)))
    return DetectionBaseline(
        name="always answering the mean box of each class", map_50=float(each[0]), map_50_95=float(each.mean())
    )


def _publish(
    spec: EvaluateSpec,
    document: DetectionDocument,
    pictures: BoxSet,
    chosen: Chosen,
    truth: Truth,
    found: Found,
    workspace: Workspace,
) -> None:
    """Write the document, the report, and each picture that the report shows."""
    answers = found.where(found.scores >= document.threshold)
    wrong = mistakes(truth, answers)
    poor = [int(at) for at in np.argsort(-wrong, kind="stable")[: spec.pictures // 2] if wrong[at]]
    even = np.unique(np.linspace(0, truth.count - 1, min(truth.count, spec.pictures - spec.pictures // 2)).astype(int))
    shown = {
        at: _shown(at, document.classes, pictures, chosen.rows, truth, answers)
        for at in dict.fromkeys([*even.tolist(), *poor])
    }
    workspace.publish_text("evaluation.json", document.model_dump_json(indent=2))
    workspace.publish_text(
        "report.html", render_detection_report(document, [shown[at] for at in even], [shown[at] for at in poor])
    )
    for at, one in shown.items():
        with workspace.publishing(f"pictures/{int(chosen.rows[at]):06d}.png") as draft:
            draft.write_bytes(one.png)


def _shown(
    at: int,
    classes: Sequence[str],
    pictures: BoxSet,
    rows: npt.NDArray[np.int64],
    truth: Truth,
    answers: Found,
) -> Shown:
    true, said = truth.pictures == at, answers.pictures == at
    drawn = [
        Drawn(tuple(map(float, box)), classes[number], TRUE)
        for box, number in zip(truth.boxes[true], truth.classes[true], strict=True)
    ]
    drawn += [
        Drawn(tuple(map(float, box)), f"{classes[number]} {score:.2f}", SAID)
        for box, number, score in zip(answers.boxes[said], answers.classes[said], answers.scores[said], strict=True)
    ]
    row = int(rows[at])
    caption = f"{pictures.names[row]}: {np.count_nonzero(true)} true, {np.count_nonzero(said)} said"
    return Shown(as_small_png(with_boxes(pictures.images[row], drawn)), caption)


def _reported(document: DetectionDocument, report: Report) -> Summary:
    for name, value in document.metrics.items():
        report.metric(f"evaluation/{name}", 0, value)
    report.message(
        f"{document.split}: mAP@.5 {document.metrics['map_50']:.4f}, mAP@[.5:.95] {document.metrics['map_50_95']:.4f}"
        f" of {document.boxes} boxes on {document.examples} pictures. {document.verdict}"
    )
    facts = document.model_dump(mode="json", exclude={"metrics", "per_class", "ap_by_overlap", "by_score"})
    return Summary(metrics=document.metrics, facts=facts)
