"""Exports beside `model.keras`: each is read back by what others would read it with."""

from __future__ import annotations

import json

import keras
import numpy as np
import tensorflow as tf

from ml.model.file import load_model
from ml.report import MemoryReport
from ml.run import run
from trainshed.specs import parse_spec


def test_a_saved_model_takes_raw_images_and_gives_probabilities_and_names(train_document, shapes, tmp_path, settings):
    run(parse_spec({**train_document, "export": ["saved_model"]}), tmp_path, MemoryReport(), settings=settings)
    images = shapes["x"][..., None].astype(np.float32)
    serve = tf.saved_model.load(str(tmp_path / "output/saved_model")).signatures["serving_default"]
    answer = serve(images=tf.constant(images))
    expected = keras.ops.softmax(load_model(tmp_path / "output/model.keras")(images))
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
    names = np.array([b"0", b"1", b"2"])
    np.testing.assert_array_equal(answer["class"], names[np.argmax(expected, axis=1)])


def test_tensorboard_files_hold_the_metrics_of_each_epoch(train_document, tmp_path, settings):
    run(parse_spec({**train_document, "export": ["tensorboard"]}), tmp_path, MemoryReport(), settings=settings)
    (path,) = (tmp_path / "output/tensorboard").iterdir()
    found = {}
    for record in tf.data.TFRecordDataset(str(path)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        for value in event.summary.value:
            found[value.tag, event.step] = float(tf.make_ndarray(value.tensor))
    history = json.loads((tmp_path / "output/model.json").read_text())["history"]
    for epoch in history:
        assert found["epoch/train_loss", epoch["number"]] == np.float32(epoch["train_loss"])
    assert len(found) == 4 * len(history)
