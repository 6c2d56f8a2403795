"""Turns pydantic's errors into sentences that name the field, the value, what is allowed and the nearest valid name."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trainshed.errors import FieldError
from trainshed.specs.base import FORMS

_LONGEST_VALUE = 80


def explain_errors(error: ValidationError, model: type[BaseModel]) -> tuple[FieldError, ...]:
    """Return one `FieldError` for each thing wrong with the input of `model`, each place once."""
    all_details = error.errors(include_url=False)
    explained = (_explain(details, model) for details in all_details if not _is_wrong_arm(details, all_details))
    return tuple({(found.path, found.message): found for found in explained}.values())


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `name` most likely meant, or None."""
    return next(iter(difflib.get_close_matches(name, list(candidates), n=1, cutoff=0.6)), None)


def _is_wrong_arm(details: ErrorDetails, all_details: list[ErrorDetails]) -> bool:
    """Whether this says "no text" of a list that another error takes for what it is (a field may be text or list)."""
    field = details["loc"][0] if details["loc"] else None
    others = (other for other in all_details if other is not details and other["loc"][:1] == (field,))
    return details["type"] == "string_type" and isinstance(details["input"], list) and any(others)


def _explain(details: ErrorDetails, model: type[BaseModel]) -> FieldError:
    path, parent = _locate(details["loc"], model)
    value = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown_field(path, str(details["loc"][-1]), value, parent, model)
        case "missing":
            return FieldError(path, "required")
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return _not_allowed(path, value, allowed.split(", "))
        case "union_tag_invalid":
            tag, tags = str(context["tag"]), str(context["expected_tags"]).replace("'", "").split(", ")
            return _not_allowed(f"{path}.{_tag_field(context)}", tag, tags)
        case "union_tag_not_found":
            field = _tag_field(context)
            return FieldError(f"{path}.{field}", f"required; it names the {field}")
        case "string_pattern_mismatch":
            allowed = FORMS.get(context["pattern"], "no control characters")
            return FieldError(path, f"{_shown(value)} is not allowed here, only: {allowed}", value, allowed)
        case "string_type" | "int_type" | "float_type" | "bool_type" | "dict_type" | "tuple_type" | "model_type":
            return FieldError(path, f"{details['msg'].lower()}, got {_shown(value)}", value)
        case "bytes_type" | "int_from_float":
            return FieldError(path, f"a whole number is needed, got {_shown(value)}", value)
        case _ if _is_scalar(value):
            return FieldError(path, f"{_lower_first(details['msg'])}, got {_shown(value)}", value)
        case _:
            return FieldError(path, _lower_first(details["msg"]))


def _tag_field(context: dict[str, Any]) -> str:
    """Return the field that tells the arms of a union apart: `step` or `family`."""
    return str(context["discriminator"]).strip("'")


def _unknown_field(
    path: str, name: str, value: Any, parent: type[BaseModel] | None, root: type[BaseModel]
) -> FieldError:
    fields = list(parent.model_fields) if parent else []
    prefix = path.removesuffix(name)
    elsewhere = (found for found in _all_paths(root) if found.rsplit(".", 1)[-1] == name)
    suggestion = next(elsewhere, None)  # the right name in the wrong place
    if suggestion is None and (similar := nearest(name, fields)):
        suggestion = prefix + similar
    hint = f"; did you mean `{suggestion}`?" if suggestion else f"; known here: {', '.join(fields)}"
    return FieldError(path, f"unknown field{hint}", value, ", ".join(fields), suggestion)


def _not_allowed(path: str, value: Any, allowed: list[str]) -> FieldError:
    suggestion = nearest(str(value), allowed)
    hint = f"; did you mean `{suggestion}`?" if suggestion else ""
    listed = ", ".join(allowed)
    return FieldError(path, f"{_shown(value)} is not allowed, only: {listed}{hint}", value, listed, suggestion)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) or value is None


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def _locate(loc: tuple[int | str, ...], model: type[BaseModel]) -> tuple[str, type[BaseModel] | None]:
    """Return the dotted path a user would write, and the model that the last part of `loc` belongs to.

    Pydantic puts the tags of unions into `loc`; a user never wrote those, so they are left out.
    """
    path = ""
    parent: type[BaseModel] | None = model
    here: Any = model
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
            here = _element_of(here)
            continue
        inside = _model_in(here)
        if inside is not None and part in inside.model_fields:
            parent, here = inside, inside.model_fields[part].annotation
        elif (tagged := _tagged(here, part)) is not None:
            parent = here = tagged
            continue
        elif inside is not None:
            parent, here = inside, None
        elif _is_type_label(here, part):
            continue
        else:
            here = _element_of(here)
        path += f".{part}" if path else str(part)
    return path, parent


def _is_type_label(annotation: Any, part: str) -> bool:
    """Whether `part` is pydantic's own name for one arm of a union of plain types, such as `tuple[...]`."""
    return get_origin(_plain(annotation)) in {Union, types.UnionType} and (
        "[" in part or part in {"str", "constrained-str"}
    )


def _plain(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _arms(annotation: Any) -> Iterator[Any]:
    annotation = _plain(annotation)
    if get_origin(annotation) in {Union, types.UnionType}:
        for arm in get_args(annotation):
            yield from _arms(arm)
    else:
        yield annotation


def _model_in(annotation: Any) -> type[BaseModel] | None:
    models = _models_in(annotation)
    return models[0] if len(models) == 1 else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    return [arm for arm in _arms(annotation) if isinstance(arm, type) and issubclass(arm, BaseModel)]


def _tagged(annotation: Any, tag: str) -> type[BaseModel] | None:
    for arm in _arms(annotation):
        if isinstance(arm, type) and issubclass(arm, BaseModel) and tag in _tags(arm):
            return arm
    return None


def _tags(model: type[BaseModel]) -> Iterator[Any]:
    """Yield what a model may be told apart by from the other arms of its union."""
    for name in ("step", "family"):
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is Literal:
            yield from get_args(field.annotation)


def _element_of(annotation: Any) -> Any:
    for arm in _arms(annotation):
        if get_origin(arm) is tuple:
            return get_args(arm)[0]
        if get_origin(arm) is dict:
            return get_args(arm)[1]
    return None


def _all_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        for inside in _models_in(field.annotation):
            yield from _all_paths(inside, f"{prefix}{name}.")
