"""The generated images of workload W."""

from __future__ import annotations

import numpy as np

from bench.workload import generated, train_spec
from trainshed.specs import parse_spec


def test_generated_images_are_the_same_each_time():
    first, again = (generated(40, shape=(28, 28, 1)) for _ in range(2))

    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


def test_generated_images_are_bytes_of_ten_classes():
    images, labels = generated(400, shape=(32, 32, 3))

    assert (images.dtype, images.shape) == (np.uint8, (400, 32, 32, 3))
    assert set(labels) == set(range(10))


def test_the_job_of_the_workload_is_a_spec(tmp_path):
    assert parse_spec(train_spec(tmp_path / "w.npz", epochs=3)).kind == "train"
