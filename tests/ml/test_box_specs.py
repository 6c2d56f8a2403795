"""What a spec of a detector may say."""

from __future__ import annotations

import pytest

from trainshed.errors import InvalidSpec
from trainshed.specs import parse_spec

SPEC = {"kind": "train", "name": "n", "data": {"path": "/x"}, "model": {"family": "object_detector"}}

REFUSED = {
    "a step that turns": ({"preprocess": [{"step": "random_rotate"}]}, "random_rotate is for images"),
    "a step that blends": ({"preprocess": [{"step": "mixup"}]}, "mixup is for images"),
    "a step of tables": ({"preprocess": [{"step": "one_hot"}]}, "one_hot is for a table"),
    "mirrored things without boxes": ({"preprocess": [{"step": "random_crop"}]}, "set border: constant"),
    "columns": ({"data": {"path": "/x", "columns": {"label": "y"}}}, "data.columns is for tables"),
    "class weights": ({"training": {"class_weights": "balanced"}}, "training.class_weights is for classifiers"),
    "label smoothing": ({"training": {"label_smoothing": 0.1}}, "training.label_smoothing is for classifiers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_for_boxes_is_refused_when_it_is_submitted(name):
    fields, says = REFUSED[name]
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(SPEC | fields)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"preprocess": [{"step": "random_crop", "border": "constant"}]},
        {"data": {"path": "/x", "images": {"height": 64, "width": 64, "mode": "rgb"}}},
        {"training": {"early_stopping": {"monitor": "validation_accuracy"}}},
    ],
    ids=["a crop with a plain border", "pictures of one size", "stopping by the boxes that are found"],
)
def test_what_has_a_meaning_is_taken(fields):
    assert parse_spec(SPEC | fields).model.family == "object_detector"
