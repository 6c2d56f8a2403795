"""`kind: profile`: look into data."""

from __future__ import annotations

from typing import Literal

from trainshed.specs.base import Name
from trainshed.specs.common import BaseSpec
from trainshed.specs.data import Data


class ProfileSpec(BaseSpec):
    """Report rows, shapes, ranges, classes, missing values and duplicates of data, and what is wrong with it."""

    kind: Literal["profile"]
    name: Name = "profile"
    """A name for people. It need not be unique."""
    data: Data
    """What to look into."""
