"""What must hold, as ratios of one run: milliseconds differ by machine and are reported, not gated, but for one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Gate:
    """One bound on one number. `value` None: it was not measured, and that is said."""

    name: str
    value: float | None
    sense: Literal["<=", ">="]
    bound: float

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None when it was not measured."""
        if self.value is None:
            return None
        return self.value <= self.bound if self.sense == "<=" else self.value >= self.bound

    def __str__(self) -> str:
        verdict = {True: "holds", False: "FAILS", None: "not measured"}[self.holds]
        value = "-" if self.value is None else f"{self.value:.3g}"
        return f"  {verdict:12} {self.name}: {value} ({self.sense} {self.bound:g})"


def at_most(name: str, value: float | None, bound: float) -> Gate:
    return Gate(name, value, "<=", bound)


def at_least(name: str, value: float | None, bound: float) -> Gate:
    return Gate(name, value, ">=", bound)


def as_documents(gates: list[Gate]) -> list[dict[str, Any]]:
    """Return the gates as JSON has them."""
    return [asdict(gate) | {"holds": gate.holds} for gate in gates]
