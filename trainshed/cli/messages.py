"""What people read beside the data, on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from trainshed.cli.cells import printable

if TYPE_CHECKING:
    from trainshed.errors import TrainshedError


def note(text: str) -> None:
    """Say something that is not data."""
    _say((printable(text), "dim"))


def complain(what: str, *, advice: str = "") -> None:
    """Say what went wrong and what to type next."""
    _say(("error: ", "bold red"), (printable(what), ""))
    if advice:
        _say((f"→ {printable(advice)}", "cyan"))


def report(error: TrainshedError) -> None:
    """Say what went wrong, field by field, and what to do."""
    complain(error.detail)
    for field in error.errors:
        _say((f"  {printable(str(field))}", ""))
    if error.advice:
        _say((f"→ {printable(error.advice)}", "cyan"))
    if error.request_id:
        _say((f"  request {printable(error.request_id)}", "dim"))


def ask(question: str) -> bool:
    """Ask a person; anything but `y` and `yes` is a no. Data may be piped away, so it is asked on stderr."""
    _say((f"{printable(question)} [y/N] ", "bold"), end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(*parts: tuple[str, str], end: str = "\n") -> None:
    if not sys.stderr.isatty():
        print("".join(text for text, _ in parts), end=end, file=sys.stderr, flush=True)
        return
    from rich.console import Console  # noqa: PLC0415 - takes 0.05 s that a pipe need not pay
    from rich.text import Text  # noqa: PLC0415 - as above

    # Made anew each time: stderr may have been replaced since.
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(*parts), end=end)
