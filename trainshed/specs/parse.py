"""From text to a spec, and back."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, TypeAdapter, ValidationError

from trainshed.errors import FieldError, InvalidSpec
from trainshed.specs.command import CommandSpec
from trainshed.specs.evaluate import EvaluateSpec
from trainshed.specs.explain import explain_errors, nearest
from trainshed.specs.predict import PredictSpec
from trainshed.specs.prepare import PreprocessSpec
from trainshed.specs.profile import ProfileSpec
from trainshed.specs.train import TrainSpec
from trainshed.yaml_text import reads_numbers

JobSpec = TrainSpec | EvaluateSpec | PredictSpec | ProfileSpec | PreprocessSpec | CommandSpec
KINDS: Final[dict[str, type[JobSpec]]] = {
    "train": TrainSpec,
    "evaluate": EvaluateSpec,
    "predict": PredictSpec,
    "profile": ProfileSpec,
    "preprocess": PreprocessSpec,
    "command": CommandSpec,
}

AnySpec = Annotated[JobSpec, Discriminator("kind")]


class _Batch(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    jobs: list[AnySpec]


_ANY_SPEC: Final[TypeAdapter[JobSpec]] = TypeAdapter(AnySpec)


def load_spec(text: str | bytes, *, syntax: Literal["json", "yaml"] = "yaml") -> JobSpec:
    """Read one spec from JSON or YAML. Raises `InvalidSpec`."""
    return parse_spec(load_document(text, syntax=syntax))


def parse_spec(document: Any) -> JobSpec:
    """Check a spec that JSON or YAML has already been read from. Raises `InvalidSpec` with all its errors."""
    if not isinstance(document, dict):
        raise InvalidSpec(
            f"A job spec is a mapping of keys to values, and this is {_type_name(document)}.",
            errors=(FieldError("", f"expected a mapping, got {_type_name(document)}"),),
        )
    model = KINDS[_kind_of(document)]
    try:
        # JSON mode: arrays may fill tuples, and nothing else is coerced.
        return model.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        errors = explain_errors(error, model)
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        raise InvalidSpec(f"The job spec has {count}.", errors=errors) from error
    except (RecursionError, ValueError, TypeError) as error:
        raise InvalidSpec(f"The job spec cannot be read: {error}") from error


def parse_batch(content: bytes, *, most: int) -> list[JobSpec] | None:
    """Read `{"jobs": [spec, ...]}` from JSON at one go. None: it is no sound batch of 1 to `most`, or no JSON.

    What is wrong with it, reading it piece by piece tells: `load_document`, and `parse_spec` of each.
    """
    try:
        jobs = _Batch.model_validate_json(content).jobs
    except ValidationError:
        return None
    return jobs if 1 <= len(jobs) <= most else None


def dump_spec(spec: JobSpec) -> dict[str, Any]:
    """Return the spec with all defaults filled in, as JSON types. `parse_spec` of it gives the same spec."""
    return spec.model_dump(mode="json")


def brief_spec(spec: JobSpec) -> dict[str, Any]:
    """Return the spec as a person would write it: the kind first, and nothing that is the default.

    `parse_spec` of it gives the same spec.
    """
    said = spec.model_dump(mode="json", exclude_defaults=True)
    return {"kind": spec.kind, **{key: value for key, value in said.items() if value != {}}}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of job specs."""
    schema = _ANY_SPEC.json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Trainshed job spec", **schema}


def load_document(text: str | bytes, *, syntax: Literal["json", "yaml"]) -> Any:
    """Read JSON or YAML into plain values. Raises `InvalidSpec` that names the line."""
    try:
        if syntax == "json":
            return json.loads(text)
        return yaml.load(text, Loader=_SpecLoader)  # noqa: S506 - derives from SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise InvalidSpec(f"This is not valid YAML: {where}{error.problem or error.context}.") from error
    except json.JSONDecodeError as error:
        raise InvalidSpec(f"This is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise InvalidSpec(f"This is not valid {syntax.upper()}: {error}.") from error
    except RecursionError as error:
        raise InvalidSpec("The document is nested too deeply.") from error


def _kind_of(document: dict[Any, Any]) -> str:
    kind = document.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind
    allowed = ", ".join(KINDS)
    if kind is None:
        missing = nearest("kind", [str(key) for key in document])
        hint = f"; did you mean `kind` by `{missing}`?" if missing else ""
        found = FieldError("kind", f"required; one of {allowed}{hint}", allowed=allowed)
    else:
        suggestion = nearest(str(kind), list(KINDS))
        hint = f"; did you mean `{suggestion}`?" if suggestion else ""
        found = FieldError("kind", f"unknown kind, allowed: {allowed}{hint}", kind, allowed, suggestion)
    raise InvalidSpec("The job spec has no valid kind.", errors=(found,))


def _type_name(value: Any) -> str:
    names = {list: "a list", str: "a text", int: "a number", float: "a number", bool: "a truth value"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


class _SpecLoader(yaml.SafeLoader):
    """YAML without aliases (an alias bomb is 1 kB that becomes gigabytes) and without keys given twice."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is no text; put it in quotes", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


reads_numbers(_SpecLoader)
