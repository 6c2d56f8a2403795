"""The reference of REST: each operation and each body, from the description that the API gives of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.app import create_app
from api.settings import ApiSettings
from docs.site.schemas import cell, default_of, fields_table, link, takes

_HEAD: Final = """# REST reference

Made from [openapi.json](openapi.json), which every server also serves at `/openapi.json`, and as a page to try out at
`/docs`. [REST by hand](rest.md) goes through it with commands to type. Every operation below `/api/v1` takes
`Authorization: Bearer <key>`; every error is a [problem document](errors.md).
"""
_EVERYWHERE: Final = {"401", "403", "429", "503"}
"""Answers that every operation may give."""


def rest_page() -> str:
    """Return the page as Markdown."""
    document = create_app(ApiSettings()).openapi()
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["server"])[0]
            groups.setdefault(tag, []).extend(_operation(method.upper(), path, operation))
    parts = [_HEAD]
    for tag, lines in groups.items():
        parts += [f"## {tag.capitalize()}\n", *lines]
    parts.append("## Bodies\n")
    for name, schema in sorted(schemas.items()):
        parts += [f"### {name}\n", *_body(schema)]
    return "\n".join(parts)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {operation['summary']}\n"
    yield f"```text\n{method} {path}\n```\n"
    yield f"{operation.get('description', '')} (`{operation['operationId']}`)\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | takes | default | |"
        yield "|---|---|---|---|---|"
        yield from (_parameter(one) for one in parameters)
        yield ""
    if body := operation.get("requestBody"):
        yield f"Takes {_content(body['content'])}. {body.get('description', '')}\n"
    yield "| answer | | |"
    yield "|---|---|---|"
    for status, answer in operation["responses"].items():
        if status not in _EVERYWHERE:
            yield f"| {status} | {_content(answer.get('content', {}))} | {cell(answer['description'])} |"
    yield ""


def _parameter(one: Mapping[str, Any]) -> str:
    default = "**required**" if one.get("required") else default_of(one["schema"])
    about = cell(one.get("description", one["schema"].get("description", "")))
    return f"| `{one['name']}` | {one['in']} | {takes(one['schema'])} | {default} | {about} |"


def _content(content: Mapping[str, Any]) -> str:
    ways: dict[str, list[str]] = {}
    for media_type, media in content.items():
        ways.setdefault(takes(media.get("schema", {})), []).append(f"`{media_type}`")
    return ", or ".join(f"{what} as {' or '.join(media_types)}" for what, media_types in ways.items())


def _body(schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"{schema.get('description', '')}\n"
    if "properties" in schema:
        yield fields_table(schema)
    elif "oneOf" in schema:
        yield "One of " + ", ".join(link(arm["$ref"]) for arm in schema["oneOf"] if "$ref" in arm) + ".\n"
    elif "enum" in schema:
        yield ", ".join(f"`{value}`" for value in schema["enum"]) + "\n"
