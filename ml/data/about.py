"""`dataset.json` in a folder or an archive: what its maker says of the data. All of it goes on a model's card.

{"provenance": "...", "licence": "CC BY 4.0", "classes": ["cat", "dog"], "synthetic": false}
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, ValidationError

from ml.data.limits import MAX_CLASSES
from ml.data.tree import Tree
from ml.errors import InvalidData
from trainshed.specs import SpecModel

FILE_NAME: Final = "dataset.json"
_MAX_BYTES: Final = 1 << 20
_Text = Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")]


class About(SpecModel):
    """Where data come from."""

    provenance: _Text = ""
    licence: _Text = ""
    classes: Annotated[tuple[_Text, ...], Field(max_length=MAX_CLASSES)] = ()
    """Names of the classes, in the order of their numbers, where the format has none."""
    synthetic: bool = False
    """Whether it was made by a program."""


UNKNOWN: Final = About()


def read_about(tree: Tree) -> About:
    """Read `dataset.json` where there is one. Raises `InvalidData`."""
    entry = tree.files.get(FILE_NAME)
    if entry is None:
        return UNKNOWN
    try:
        return About.model_validate_json(entry.beginning(_MAX_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        raise InvalidData(
            f"{tree.place(FILE_NAME)}: {place}: {first['msg']}.",
            remedy="It may hold provenance and licence (texts), classes (a list of texts), synthetic (true or false).",
            path=tree.source,
            field=FILE_NAME,
        ) from error
