"""The examples in the docstrings of the client: indented blocks, each of which runs as it stands."""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import trainshed
from trainshed.client import Client, Job, MetricTable

_BLOCK = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A piece of code and whose docstring it is from."""

    owner: str
    code: str


def examples() -> list[Example]:
    """Return all of them, in the order of the source."""
    return [Example(owner, code) for owner, text in _documented() for code in _blocks(text)]


def public_calls(kind: type) -> list[str]:
    """Return the names of the public methods and properties of a class that this package defines."""
    return [name for name, _ in _members(kind)]


def _documented() -> Iterator[tuple[str, str]]:
    yield "trainshed", inspect.getdoc(trainshed) or ""
    for kind in (Client, Job, MetricTable):
        yield kind.__name__, inspect.getdoc(kind) or ""
        yield from ((f"{kind.__name__}.{name}", inspect.getdoc(member) or "") for name, member in _members(kind))


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    ours = [each for each in kind.__mro__ if each.__module__.startswith("trainshed.client")]
    for name, member in itertools.chain.from_iterable(vars(each).items() for each in ours):
        if not name.startswith(("_", "model_")) and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, member


def _blocks(text: str) -> Iterator[str]:
    for match in _BLOCK.finditer(text + "\n"):
        code = inspect.cleandoc("\n" + match[0])
        if code.strip():
            yield code
