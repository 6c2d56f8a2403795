"""What a job process is told: everything it needs, nothing else, and no credential.

A plan travels as JSON in a memory file, since arguments and environment may be larger than any packet. The zygote
passes the file on unread: what one job is told never enters the memory that the next one is forked from.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from worker.launch.sandbox import SandboxPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One launch, as init and the job process see it."""

    argv: tuple[str, ...] | None
    """The program to run; None for the child that trains and evaluates."""
    environment: Mapping[str, str]
    """The whole environment of a program; for the child, what is set before its sandbox is entered."""
    job_environment: Mapping[str, str]
    """What a spec adds for the child, set after its sandbox was entered: LD_PRELOAD must not run outside of it."""
    workdir: str
    """The folder of the attempt."""
    directory: str
    """Where the process starts; below `workdir`."""
    memory_limit_bytes: int | None
    policy: SandboxPolicy


def write_plan(plan: Plan) -> int:
    """Return a descriptor of a memory file that holds the plan."""
    descriptor = os.memfd_create("trainshed-plan")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(json.dumps(asdict(plan)).encode())
    return descriptor


def read_plan(descriptor: int) -> Plan:
    """Return the plan from a memory file, and close it. Init and job read the same one at once, so it has no place."""
    try:
        fields: dict[str, Any] = json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
    finally:
        os.close(descriptor)
    argv = fields.pop("argv")
    policy = {name: _frozen(value) for name, value in fields.pop("policy").items()}
    return Plan(argv=None if argv is None else tuple(argv), policy=SandboxPolicy(**policy), **fields)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
