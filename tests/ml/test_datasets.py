"""`data.dataset`: the built-in datasets."""

from __future__ import annotations

import numpy as np
import pytest

from ml.data import load_dataset
from ml.errors import InvalidData
from trainshed.specs import Data


def test_digits_are_the_1797_real_ones_and_never_change():
    digits = load_dataset(Data(dataset="builtin/digits"), roots=())
    assert digits.images.shape == (1797, 8, 8, 1)
    assert (digits.images.dtype, digits.images.min(), digits.images.max()) == (np.uint8, 0, 16)
    assert digits.class_names == tuple("0123456789")
    assert digits.digest == "2e96f505c56d4dd3e73af641e0628f36b48af5614862ab01e09ef91dfa61c80a"


def test_an_unknown_dataset_is_answered_with_the_nearest_name():
    with pytest.raises(InvalidData, match=r"no dataset 'builtin/digit'. Did you mean builtin/digits\?") as caught:
        load_dataset(Data(dataset="builtin/digit"), roots=())
    assert "Available: builtin/digits" in caught.value.remedy
