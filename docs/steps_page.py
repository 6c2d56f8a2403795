"""The page of all preprocessing steps, from the classes themselves."""

from __future__ import annotations

import types
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from trainshed.specs import STEP_CLASSES, Step
from trainshed.specs.preprocess import name_of

_HEAD: Final = """# Steps

`preprocess` is a list of steps, carried out in order: of a `train` job, or of a job of
[`kind: preprocess`](data.md#prepared-versions), which makes a version of a dataset of what comes out.

- What a step needs to know of the data, it learns from the rows of the train part alone; it never sees the label. What
  it has learnt lies on the model's card, and evaluation and prediction apply exactly that.
- Steps that **augment** run in training only and come last. What an example becomes is a pure function of
  (`training.seed`, epoch, example), so a training that goes on after a kill ends with the same bits.
- A step that leaves rows out does so in the train part alone: a model has to answer each row. Copies and rows without a
  label are left out before the data are divided, by [`data.clean`](data.md#cleaning).
- `columns` of steps for tables are their columns by name; by default all that the step can take. What is left after the
  steps is encoded as without any: numbers are standardised, unless a step has scaled them, and categories become one
  column for each value.
"""
_GROUPS: Final = (
    ("For images", "images"),
    ("For pictures with boxes", "pictures with boxes"),
    ("For tables", "a table"),
    ("For texts", "texts"),
    ("For series", "series"),
)
"""Each with what a family takes that it is for."""


def steps_page() -> str:
    """Return the page as Markdown."""
    return "\n".join([_HEAD, *(_group(title, takes) for title, takes in _GROUPS)])


def _group(title: str, takes: str) -> str:
    steps = [step for step in STEP_CLASSES if takes in step.takes]
    rows = [f"| `{name_of(step)}` | {_said(step)} | {_fields(step)} |" for step in steps]
    return "\n".join([f"## {title}", "", "| step | what it does | fields |", "|---|---|---|", *rows, ""])


def _said(step: type[Step]) -> str:
    augments = "**Augments.** " if step.augments else ""
    return augments + _line(step.__doc__ or "")


def _fields(step: type[Step]) -> str:
    fields = [(name, field) for name, field in step.model_fields.items() if name != "step"]
    return "<br>".join(
        f"`{name}`{_default(field)}: {_values(field)}{_line(field.description or '')}" for name, field in fields
    )


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return " (required)"
    return "" if field.default is None else f" ({_shown(field.default)})"


def _shown(value: Any) -> str:
    return (
        ", ".join(map(str, value))
        if isinstance(value, tuple)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def _values(field: FieldInfo) -> str:
    named = _choices(field.annotation)
    return f"{', '.join(f'`{one}`' for one in named)}. " if named else ""


def _choices(annotation: Any) -> tuple[str, ...]:
    """Return what a field may be, where it is one of few names."""
    origin = get_origin(annotation)
    if origin is Literal:
        return tuple(map(str, get_args(annotation)))
    if origin in {Annotated, Union, types.UnionType, tuple}:
        return tuple(name for one in get_args(annotation) for name in _choices(one))
    return ()


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
