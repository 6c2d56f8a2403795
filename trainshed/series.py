"""Names of series that are not a job's own: its worker measures them, and no job can write them."""

from __future__ import annotations

from typing import Final

SYSTEM: Final = "system/"
"""How the names of such series begin."""
SYSTEM_CPU: Final = "system/cpu"
"""Processors that all processes of a job kept busy together, on average since the point before."""
SYSTEM_MEMORY: Final = "system/memory"
"""Bytes that they held in memory: the sum of their resident sizes."""


def is_system(name: str) -> bool:
    """Whether a series is measured by the worker. Its steps are seconds since the job first started."""
    return name.startswith(SYSTEM)
