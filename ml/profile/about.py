"""What data say of themselves: where they come from, and what they hold out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml.data.split import Described
from ml.profile.document import NO_SPLIT


def about(data: Described) -> dict[str, Any]:
    """Return the fields of a profile that tell it."""
    return {"provenance": data.provenance, "licence": data.licence, "synthetic": data.synthetic}


def split_rule(held_out: Sequence[str]) -> str:
    """Return in words what data hold out, by the names of the parts."""
    return f"its own: {' and '.join(held_out)} held out" if held_out else NO_SPLIT


def copies_found(across: Mapping[tuple[str, str], int], what: str, remedy: str) -> Sequence[str]:
    """Return in words how many of a later part, for example `images`, are in an earlier one, too."""
    return [
        f"{count:,} {later} {what} are in {earlier}, too: what is measured on them is too good. {remedy}"
        for (earlier, later), count in across.items()
    ]
