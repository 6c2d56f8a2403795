"""The page of all fields of job specs, from their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from docs.site.schemas import fields_table, link
from trainshed.specs import json_schema

_HEAD: Final = """# Fields of a spec

A job is described by one document, in YAML or JSON. What is left out has the default that is given here; what is not
named here is an error. The same as a [JSON Schema](job.schema.json), for editors that complete and check; the page *New
job* of a server is a form made of it. `trainshed spec check -f FILE` says what is wrong with a document.
"""


def spec_page() -> str:
    """Return the page as Markdown."""
    schema = json_schema()
    kinds: Mapping[str, str] = schema["discriminator"]["mapping"]
    heads = {reference.rpartition("/")[2]: kind for kind, reference in kinds.items()}
    others = sorted(name for name in schema["$defs"] if name not in heads)
    return "\n".join(
        [
            _HEAD,
            "| kind | |",
            "|---|---|",
            *(f"| `{kind}` | {link(reference)} |" for kind, reference in kinds.items()),
            "",
            *(part for name in [*heads, *others] for part in _section(name, schema["$defs"][name], heads.get(name))),
        ]
    )


def _section(name: str, schema: Mapping[str, Any], kind: str | None) -> Iterator[str]:
    yield f"## {name}\n"
    if kind is not None:
        yield f"`kind: {kind}`\n"
    yield f"{schema.get('description', '')}\n"
    yield fields_table(schema)
