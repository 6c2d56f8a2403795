"""Data whose last examples are held out by the data itself."""

from __future__ import annotations


class HeldOutLast:
    """Those for validation come from row `own_validation_from` on, then those for testing from `own_test_from` on."""

    __slots__ = ()

    own_validation_from: int | None
    """None: none are held out for validation."""
    own_test_from: int | None
    """None: none are held out for testing."""

    @property
    def held_out_from(self) -> int | None:
        """The first example that is held out. None: none is."""
        return self.own_test_from if self.own_validation_from is None else self.own_validation_from
