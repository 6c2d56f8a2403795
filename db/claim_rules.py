"""The rules by which a worker may take a job, each by name: one text for the claim, and for whoever explains it.

They speak of a row `job`, and of what a worker has free, which `given` puts in: as parameters, or as columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

RULES: Final = {
    "queued": "job.state = 'queued'",
    "pool": "job.pool = <pool>",
    "not_before": "job.not_before <= {now}",
    "cpus": "COALESCE(job.cpus, <slot_cpus>) <= <cpus>",
    "memory": "COALESCE(job.memory_bytes, 0) <= <memory_bytes>",
    "gpus": "job.gpus <= <gpus>",
    "commands": "(job.kind <> 'command' OR <runs_commands>)",
    "drain": "NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = <owner> AND worker.drain)",
}
ORDER: Final = "job.priority DESC, job.not_before, job.id"
"""Of the jobs that a worker may take, it takes the first one."""
ROUNDING: Final = 1e-6
"""So many cores more count as free: shares such as a third of a core do not add up exactly."""
_FREE: Final = re.compile(r"<(\w+)>")


def given(prefix: str, names: Iterable[str] = tuple(RULES)) -> str:
    """Return the named rules, joined by AND. `prefix` is `:` for parameters, or an alias with a dot for columns."""
    return _FREE.sub(rf"{prefix}\1", " AND ".join(RULES[name] for name in names))
