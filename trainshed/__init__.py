"""Trainshed: job orchestration for machine learning.

from trainshed import Client

with Client() as client:
    job = client.run({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainshed.client import Client

__all__ = ["Client", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the client when it is first asked for (PEP 562): servers and jobs import this package without its HTTP."""
    if name == "Client":
        return importlib.import_module("trainshed.client").Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
