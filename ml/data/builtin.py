"""What comes with Trainshed, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from ml.errors import InvalidData
from trainshed.specs.explain import nearest

_T = TypeVar("_T")


def load_known(name: str, known: Mapping[str, Callable[[], _T]], *, what: str, remedy: str) -> _T:
    """Load what is called `name`. Raises `InvalidData` that names the nearest, and all there are before `remedy`."""
    if name in known:
        return known[name]()
    suggestion = nearest(name, known)
    hint = f" Did you mean {suggestion}?" if suggestion else ""
    raise InvalidData(
        f"There is no {what} {name!r}.{hint}",
        remedy=f"Available: {', '.join(known)}; {remedy}",
        field="data.dataset",
    )
