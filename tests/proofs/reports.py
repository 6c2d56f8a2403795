"""Reports of the long proofs, which `make proofs` takes into the documentation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_report(path: Path, document: Mapping[str, Any]) -> None:
    """Write `document` as JSON, and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")
