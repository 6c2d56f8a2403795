"""What a step is once it is fitted: plain values that lie on a model's card, and change rows the same way for ever."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.tables.frame import Frame
from trainshed.specs import SpecModel


class Fitted(SpecModel):
    """Base of fitted steps."""

    def apply(self, frame: Frame) -> Frame:
        """Return the rows as the step makes them; it leaves none out. Raises `InvalidData` for other columns."""
        raise NotImplementedError

    def kept(self, frame: Frame) -> npt.NDArray[np.bool_]:
        """Return which rows of the train part (n,) stay, before `apply`."""
        return np.ones(frame.rows, np.bool_)
