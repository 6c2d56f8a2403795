"""The split is a pure function of labels, shares and seed."""

from __future__ import annotations

import numpy as np
import pytest

from ml.data import Dataset, divide
from ml.errors import InvalidData
from trainshed.specs import Split


def dataset(labels: list[int], *, own_validation_from: int | None = None, own_test_from: int | None = None) -> Dataset:
    return Dataset(
        source="builtin/test",
        images=np.zeros((len(labels), 1, 1, 1), np.uint8),
        labels=np.array(labels),
        class_names=tuple(str(number) for number in range(max(labels) + 1)),
        own_validation_from=own_validation_from,
        own_test_from=own_test_from,
        provenance="",
        licence="",
    )


HUNDRED = dataset([0] * 60 + [1] * 30 + [2] * 10)


@pytest.mark.parametrize("stratify", [True, False])
def test_each_row_is_in_exactly_one_part(stratify):
    parts = divide(HUNDRED, Split(validation=0.1, test=0.2, stratify=stratify))
    np.testing.assert_array_equal(parts.rows("all"), np.arange(100))
    assert parts.counts == {"train": 70, "validation": 10, "test": 20}


def test_stratified_parts_keep_the_proportions_of_the_classes():
    parts = divide(HUNDRED, Split(validation=0.1, test=0.2))
    assert np.bincount(HUNDRED.labels[parts.test]).tolist() == [12, 6, 2]
    assert np.bincount(HUNDRED.labels[parts.validation]).tolist() == [6, 3, 1]


def test_the_draw_is_the_same_today_and_next_year():
    parts = divide(dataset([0] * 6 + [1] * 6), Split(validation=0.2, test=0.3, seed=3))
    assert (parts.test.tolist(), parts.validation.tolist()) == ([2, 5, 7, 8], [4, 6])


def test_another_seed_draws_other_rows():
    assert divide(HUNDRED, Split(seed=1)).digest != divide(HUNDRED, Split(seed=2)).digest
    assert divide(HUNDRED, Split(seed=1)).digest == divide(HUNDRED, Split(seed=1)).digest


def test_a_test_part_of_the_data_itself_stays_what_it_is():
    parts = divide(dataset([0, 1] * 20 + [0, 1], own_test_from=40), Split(validation=0.1, test=0.5))
    assert parts.test.tolist() == [40, 41]
    assert parts.counts == {"train": 36, "validation": 4, "test": 2}


def test_a_validation_part_of_the_data_itself_stays_what_it_is():
    both = dataset([0, 1] * 20 + [0, 1, 1] + [0, 1], own_validation_from=40, own_test_from=43)
    parts = divide(both, Split(validation=0.3, test=0.3))
    assert (parts.validation.tolist(), parts.test.tolist()) == ([40, 41, 42], [43, 44])
    assert parts.train.tolist() == list(range(40))
    alone = divide(dataset([0, 1] * 20 + [0, 1, 1], own_validation_from=40), Split(validation=0.3, test=0.25))
    assert (alone.validation.tolist(), alone.counts["test"]) == ([40, 41, 42], 10)


def test_a_share_of_zero_gives_an_empty_part():
    assert divide(HUNDRED, Split(validation=0, test=0)).counts == {"train": 100, "validation": 0, "test": 0}


def test_a_small_class_still_gets_one_example_in_each_share():
    parts = divide(dataset([0] * 50 + [1] * 3), Split(validation=0.01, test=0.01))
    assert [1 in dataset([0] * 50 + [1] * 3).labels[parts.rows(name)] for name in ("train", "validation", "test")]
    assert parts.counts == {"train": 49, "validation": 2, "test": 2}


def test_a_class_with_fewer_members_than_shares_is_named():
    with pytest.raises(InvalidData, match=r"Class 1 has 2 examples, .*\(train, validation 0.1, test 0.2\)"):
        divide(dataset([0] * 50 + [1] * 2), Split())


def test_too_few_examples_for_all_shares_are_refused():
    with pytest.raises(InvalidData, match="2 examples cannot fill each of the shares"):
        divide(dataset([0, 1]), Split(stratify=False))


def test_a_class_that_an_unstratified_draw_leaves_untrained_is_named():
    with pytest.raises(InvalidData, match="Class 1 has no example in the train part"):
        divide(dataset([0, 1, 0]), Split(validation=0, test=0.6, stratify=False, seed=1))
