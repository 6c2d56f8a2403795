"""`make proofs`: take the figures of the last run of each proof into the documentation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from docs.proofs_page import FIGURES

_REPORTS: Final = Path(".trainshed/proofs")
_TAKEN: Final = ("sim", "crashpoints", "resume")


def main() -> int:
    """A proof that was not run here keeps the figures that it has."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in _TAKEN:
        report = _REPORTS / f"{name}.json"
        if report.exists():
            known[name] = json.loads(report.read_text())
    FIGURES.write_text(json.dumps(known, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
