"""Finds things on pictures without boxes: a row for each box, in pixels of its picture file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np

from ml.boxes import BoxSet, load_boxes
from ml.boxes.asked_pictures import AskedPictures, PictureQuestions, ask_pictures
from ml.boxes.division import divide_pictures
from ml.boxes.peaks import Found, as_found, finder
from ml.data import Parts
from ml.data.asked_images import FILE, refuse_clean, refuse_keep
from ml.errors import Diverged
from ml.families.object_detector.card import DetectorCard
from ml.families.object_detector.finding import batch_of, on_pictures
from ml.families.predicting import ROW, Asking, leave_predictions, open_asked, rows_of_split
from ml.job import RunSettings, Summary
from ml.predictions.columns import Columns
from ml.predictions.tally import PREDICTION, ClassCounts
from ml.report import Report
from ml.training.progress import ProgressMeter
from ml.workspace import Workspace
from trainshed.specs import PredictSpec, Split


def predict(
    spec: PredictSpec,
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Write the boxes from the threshold of the card on. Raises `InvalidData`, or `Diverged` for no numbers."""
    asking = open_asked(spec, workspace, DetectorCard, settings=settings)
    refuse_keep(spec.keep, asking.data)
    if spec.split is None:
        refuse_clean(asking.data.clean)
    questions = ask_pictures(
        asking.data,
        asking.card.input_shape,
        chosen=rows_of_split(spec, asking, load_boxes, _divided, settings=settings),
        roots=settings.data_roots,
        files=settings.data_files,
    )
    batches = _answered(spec, asking, questions, report, clock)
    return leave_predictions(spec, asking, batches, ClassCounts(asking.card.classes), workspace, report)


def _divided(pictures: BoxSet, split: Split) -> Parts:
    return divide_pictures(pictures, split)


def _answered(
    spec: PredictSpec,
    asking: Asking[DetectorCard],
    questions: PictureQuestions,
    report: Report,
    clock: Callable[[], float],
) -> Iterator[Columns]:
    card = asking.card
    find = finder(asking.model, n_classes=len(card.classes), stride=card.stride)
    size = batch_of(spec.batch_size, card.input_shape)
    progress = ProgressMeter(report, epochs=1, steps_per_epoch=math.ceil(questions.count / size), clock=clock)
    for step, asked in enumerate(questions.read(size), start=1):
        listed = find(asked.images.astype(np.float32))
        if not np.isfinite(listed).all():
            raise Diverged("The model gives outputs that are not finite.")
        found = on_pictures(as_found(listed, first=0), card.frame, card.input_shape)
        yield _columns(card, asked, found.where(found.scores >= card.threshold))
        progress.at(step)


def _columns(card: DetectorCard, asked: AskedPictures, found: Found) -> Columns:
    edges = np.array(
        [asked.frames[at].undone(box) for at, box in zip(found.pictures, found.boxes, strict=True)], np.float64
    ).reshape(-1, 4)
    return {
        ROW: asked.rows[found.pictures],
        FILE: [asked.names[at] for at in found.pictures],
        PREDICTION: [card.classes[number] for number in found.classes],
        "score": found.scores,
        "x": edges[:, 0],
        "y": edges[:, 1],
        "width": edges[:, 2] - edges[:, 0],
        "height": edges[:, 3] - edges[:, 1],
    }
