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
        return _json(spec.model_dump(mode="json"))
    if isinstance(spec, Mapping):
        return _json(dict(spec))
    if isinstance(spec, Path):
        return ("application/json" if spec.suffix == ".json" else "application/yaml"), spec.read_bytes()
    return "application/yaml", spec.encode()


def _json(document: dict[str, Any]) -> tuple[str, bytes]:
    try:
        return "application/json", json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSpec(f"The job spec cannot be written as JSON: {error}.") from error
