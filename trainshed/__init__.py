"""Trainshed: job orchestration for machine learning.

    from trainshed import Client

    with Client() as client:
        job = client.run({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
        print(b"".join(job.logs()).decode())

`Client` says what else there is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainshed.client import Client, Job

__all__ = ["Client", "Job", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the client when it is first asked for (PEP 562): servers and jobs import this package without its HTTP."""
    if name in ("Client", "Job"):
        return getattr(importlib.import_module("trainshed.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
