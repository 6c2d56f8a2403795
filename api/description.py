"""The OpenAPI document: what FastAPI derives from the routes, with the schemas that no route declares as a model."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import FastAPI

from trainshed.specs import json_schema
from trainshed.wire import Problem

_SCHEMAS: Final = "#/components/schemas/"
_BODIES: Final[dict[str, dict[str, Any]]] = {
    "SpecList": {
        "type": "object",
        "description": "Jobs to submit, all or none.",
        "required": ["jobs"],
        "additionalProperties": False,
        "properties": {
            "jobs": {"type": "array", "items": {"$ref": f"{_SCHEMAS}Spec"}, "minItems": 1, "maxItems": 1000}
        },
    },
    "SpecPatch": {
        "type": "object",
        "description": "A JSON merge patch (RFC 7396) of a job spec: what it names is replaced, null removes.",
        "additionalProperties": True,
    },
}
"""Bodies that routes read by themselves."""


def reference(schema: str) -> dict[str, str]:
    """Return what a route says of a body or an answer that has one of these schemas."""
    return {"$ref": f"{_SCHEMAS}{schema}"}


PROBLEM: Final = reference("Problem")


class Application(FastAPI):
    """A FastAPI whose description holds the job spec and the problem document, which its routes name."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document["components"]["schemas"] | _problem() | _job_spec() | _BODIES
            document["components"]["schemas"] = dict(sorted(schemas.items()))
        return super().openapi()


def _problem() -> dict[str, Any]:
    return _as_components("Problem", Problem.model_json_schema(mode="serialization"))


def _job_spec() -> dict[str, Any]:
    schema = {key: value for key, value in json_schema().items() if key != "$schema"}
    return _as_components("Spec", schema | {"description": "What a job is: one of its kinds."})


def _as_components(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Take the definitions out of a JSON Schema: in an OpenAPI document each is a component, and is named as one."""
    moved = json.loads(json.dumps(schema).replace('"#/$defs/', f'"{_SCHEMAS}'))
    return {name: moved, **moved.pop("$defs", {})}
