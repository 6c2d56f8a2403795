"""The forms in which a spec may be handed to the client, as the body of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import BaseModel

from trainshed.errors import InvalidSpec

if TYPE_CHECKING:  # building the spec classes takes 0.2 s, and whoever has a spec object has paid them
    from trainshed.specs import JobSpec

SpecInput: TypeAlias = "JobSpec | Mapping[str, Any] | str | Path"
"""A spec object, a mapping, YAML (or JSON) text, or the path of a .yaml or .json file."""


def body_of(spec: SpecInput) -> tuple[str, bytes]:
    """Return content type and body. The server validates it: it may know keys that this client does not."""
    if isinstance(spec, BaseModel):
        return "application/json", json_of(spec.model_dump(mode="json"))
    if isinstance(spec, Mapping):
        return "application/json", json_of(dict(spec))
    if isinstance(spec, Path):
        return ("application/json" if spec.suffix == ".json" else "application/yaml"), spec.read_bytes()
    return "application/yaml", spec.encode()


def json_body_of(spec: SpecInput) -> bytes:
    """Return the spec as JSON, to stand among others in one body. Raises `InvalidSpec` for text that is no YAML."""
    content_type, body = body_of(spec)
    if content_type == "application/json" and not isinstance(spec, Path):
        return body
    from trainshed.specs.parse import load_document  # noqa: PLC0415 - takes 0.2 s that only text must pay

    return json_of(load_document(body, syntax="json" if content_type == "application/json" else "yaml"))


def json_of(document: Any) -> bytes:
    """Write plain values as JSON. Raises `InvalidSpec` for what JSON does not have."""
    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSpec(f"This cannot be written as JSON: {error}.") from error
