"""`preparation.json`, format 1: what steps were fitted to, and what came of the rows."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from trainshed.specs import SpecModel

FILE_NAME: Final = "preparation.json"


class PreparationDocument(SpecModel):
    """What a preprocess job did."""

    format_version: Literal[1] = 1
    source: str
    """As the spec names it."""
    source_digest: str
    """SHA-256 of its content as it was read."""
    file: str
    """What came out: prepared.csv or prepared.npz."""
    preprocess: tuple[dict[str, Any], ...]
    """The steps, as the spec has them."""
    fitted: tuple[dict[str, Any], ...] = ()
    """What those for tables were fitted to on the train part; of others nothing is kept but their numbers."""
    counts: dict[str, int]
    """Rows of each part that came out."""
    left_out: Annotated[dict[str, int], Field(default_factory=dict)]
    """Rows that were left out, by why: by `data.clean` before the division, or by a step in the train part."""
    categories: tuple[str, ...] = ()
    """Columns of categories whose values are all numbers: name them in `data.columns.categories`."""
