"""The reference of the Python client, from its docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

from trainshed import client, errors, report
from trainshed.client import Client

_HEAD: Final = """# Python client

`pip install` of this repository's package brings it: no server library, no TensorFlow. The bodies that it returns
(`Artifact`, `Event`, `Token`, ...) have the fields that [REST](rest-reference.md#bodies) lists. What it raises is a
`TrainshedError`; [Errors](errors.md) has all classes.
"""
_QUOTED: Final = re.compile(r"(: |-> )'([^']*)'")


def client_page() -> str:
    """Return the page as Markdown."""
    others = [getattr(client, name) for name in client.__all__ if name != Client.__name__]
    parts = [_HEAD, *_class(Client), *(part for each in others for part in _class(each)), *_module(report)]
    return "\n".join([*parts, "## Base of all errors\n", _words(errors.TrainshedError), ""])


def _class(found: type) -> Iterator[str]:
    yield f"## {found.__name__}\n"
    if "__init__" in vars(found) or not issubclass(found, BaseModel):
        yield _signature(found.__name__, found)
    yield f"{_words(found)}\n"
    for name, member in _members(found):
        yield f"### {found.__name__}.{name}\n"
        yield f"`{name}`, a property\n" if isinstance(member, property) else _signature(name, member)
        yield f"{_words(member)}\n"


def _module(found: ModuleType) -> Iterator[str]:
    yield f"## {found.__name__}\n"
    yield f"{_words(found)}\n"
    for name in found.__all__:
        yield f"### {found.__name__}.{name}\n"
        yield _signature(name, getattr(found, name))
        yield f"{_words(getattr(found, name))}\n"


def _members(found: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that are Trainshed's own, in the order in which they were written."""
    seen: set[str] = set()
    for base in found.__mro__:
        if not base.__module__.startswith("trainshed.client"):
            continue
        for name, member in vars(base).items():
            if name.startswith("_") or name in seen or not _is_documented(member):
                continue
            seen.add(name)
            yield name, member


def _is_documented(member: Any) -> bool:
    return (inspect.isfunction(member) or isinstance(member, property)) and bool(member.__doc__)


def _signature(name: str, found: Any) -> str:
    text = _QUOTED.sub(r"\1\2", str(inspect.signature(found)))
    shown = text.replace("(self, ", "(", 1).replace("(self)", "()", 1)
    return f"```python\n{name}{shown}\n```\n"


def _words(found: Any) -> str:
    return inspect.getdoc(found) or ""
