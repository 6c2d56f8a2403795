"""What data say of themselves."""

from __future__ import annotations

from typing import Any, Protocol


class Told(Protocol):
    """Data of any kind, once they are read."""

    @property
    def provenance(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def synthetic(self) -> bool: ...


def about(data: Told) -> dict[str, Any]:
    """Return the fields of a profile that tell it."""
    return {"provenance": data.provenance, "licence": data.licence, "synthetic": data.synthetic}
