"""JSON Schemas in words: a table of the fields of an object, with what each takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def fields_table(schema: Schema) -> str:
    """Return a table of the fields of an object, those first that must be given. Empty: it has none."""
    required = set(schema.get("required", ()))
    fields = sorted(schema.get("properties", {}).items(), key=lambda item: item[0] not in required)
    if not fields:
        return ""
    lines = ["| field | takes | default | |", "|---|---|---|---|"]
    for name, field in fields:
        default = "**required**" if name in required else default_of(field)
        lines.append(f"| `{name}` | {takes(field)} | {default} | {cell(field.get('description', ''))} |")
    return "\n".join(lines) + "\n"


def takes(schema: Schema) -> str:
    """Return what a value may be, with links to the objects of the same page."""
    if "$ref" in schema:
        return link(schema["$ref"])
    if "anyOf" in schema or "oneOf" in schema:
        arms = schema.get("anyOf") or schema.get("oneOf") or ()
        return ", or ".join(dict.fromkeys(takes(arm) for arm in arms))
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {takes(schema.get('items', {}))}"
        case "object":
            return f"names with {takes(_values(schema))}"
        case None:
            return "anything"
        case kind:
            return " ".join([_word(kind, schema), *_bounds(schema)])


def link(reference: str) -> str:
    """Return a link to the heading of a named schema."""
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def cell(text: str) -> str:
    """Return a text as it may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def default_of(schema: Schema) -> str:
    """Return the default of a field; that of an object is told by its own table."""
    if "default" not in schema or isinstance(schema["default"], Mapping):
        return ""
    return f"`{json.dumps(schema['default'])}`"


def _word(kind: str, schema: Schema) -> str:
    words = {"integer": "whole number", "boolean": "`true` or `false`", "string": "text", "null": "`null`"}
    return f"{words.get(kind, kind)} ({schema['format']})" if "format" in schema else words.get(kind, kind)


def _values(schema: Schema) -> Any:
    patterns = list(schema.get("patternProperties", {}).values())
    more = schema.get("additionalProperties")
    return patterns[0] if patterns else more if isinstance(more, Mapping) else {}


def _bounds(schema: Schema) -> Iterator[str]:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    yield from (f"{sign} {schema[name]}" for name, sign in signs.items() if name in schema)
