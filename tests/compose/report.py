"""What a run found: figures, and those that fell short."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Report:
    """Grows step by step, so that a run that breaks off tells what it had found."""

    figures: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    """The most that a figure may be."""
    failures: list[str] = field(default_factory=list)

    def check(self, held: bool, what: str) -> None:
        if not held:
            self.failures.append(what)

    def most(self, name: str, value: float, limit: float) -> None:
        """Note a figure that must not be larger than `limit`."""
        self.figures[name] = round(value, 3)
        self.limits[name] = limit
        self.check(value <= limit, f"{name} is {value:.3f}, and may be {limit:g}")

    def write(self, path: Path) -> str:
        """Write the report as JSON to `path` and as text beside it. Returns the text."""
        document = {"passed": not self.failures, **asdict(self)}
        path.write_text(json.dumps(document, indent=2) + "\n")
        text = self._text()
        path.with_suffix(".txt").write_text(text)
        return text

    def _text(self) -> str:
        lines = [f"{name:<36} {_shown(value)}{self._limit(name)}" for name, value in self.figures.items()]
        verdict = "passed" if not self.failures else "FELL SHORT"
        return "\n".join([f"compose-test {verdict}", "", *lines, *(f"! {what}" for what in self.failures)]) + "\n"

    def _limit(self, name: str) -> str:
        return f"  (at most {self.limits[name]:g})" if name in self.limits else ""


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return str(value)
