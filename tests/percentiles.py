"""Percentiles that are values which were measured."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is not below `share` of all (nearest rank)."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
