"""YAML as specs are written in it: what our reader takes for a number, our writer puts in quotes where it is a text."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

_FLOAT: Final = "tag:yaml.org,2002:float"
# YAML 1.1 takes 1e-3 for a text, because it has no point. People mean a number.
_NUMBER: Final = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$")
_BEGINNINGS: Final = list("-+0123456789")


def reads_numbers(kind: type[yaml.SafeLoader]) -> None:
    """Have a reader take 1e-3 for a number."""
    kind.add_implicit_resolver(_FLOAT, _NUMBER, _BEGINNINGS)


class _Writer(yaml.SafeDumper):
    """Knows which texts the reader takes for numbers."""


_Writer.add_implicit_resolver(_FLOAT, _NUMBER, _BEGINNINGS)


def write_yaml(document: Any, **style: Any) -> str:
    """Return plain values as YAML; `style` is that of `yaml.dump`. Reading it as a spec gives the same values."""
    text: str = yaml.dump(document, Dumper=_Writer, sort_keys=False, **style)
    return text
