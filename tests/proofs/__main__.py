"""`make proofs`: take the figures of the last run of each proof into the documentation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from docs.proofs_page import FIGURES

_REPORTS: Final = Path(".trainshed")
_TAKEN: Final = {
    **{name: f"proofs/{name}.json" for name in ("sim", "crashpoints", "resume", "logs", "outage", "steady")},
    "chaos": "chaos/report.json",
}


def main() -> int:
    """A proof that was not run here keeps the figures that it has."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name, path in _TAKEN.items():
        report = _REPORTS / path
        if report.exists():
            known[name] = json.loads(report.read_text())
    FIGURES.write_text(json.dumps(known, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
