"""What a training job says of its pairs before it begins."""

from __future__ import annotations

import numpy as np

from ml.data import Parts
from ml.pairs.pair_set import PairSet


def pair_findings(pairs: PairSet, parts: Parts, *, too_long: int, length: int) -> tuple[str, ...]:
    """Return what is to be known of the data, in words. `too_long` pairs of train have more than `length` pieces."""
    found = [f"{count:,} pairs were left out: {why}" for why, count in pairs.dropped.items()]
    if too_long:
        found.append(
            f"{too_long:,} of the {len(parts.train):,} train pairs have more than {length} parts of words and are not"
            " trained on; raise model.length for them"
        )
    if pairs.synthetic:
        found.append("the data are synthetic: results on them say nothing about the world")
    same = float(np.mean([given == wanted for given, wanted in zip(pairs.sources, pairs.targets, strict=True)]))
    if same >= _MANY_SAME:
        found.append(f"{same:.0%} of the pairs have two texts that are the same: to copy is right there")
    return tuple(found)


_MANY_SAME = 0.2
