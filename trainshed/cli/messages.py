"""What people read beside the data, on stderr."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from trainshed.cli.cells import printable
from trainshed.errors import TrainshedError


def note(text: str) -> None:
    """Say something that is not data."""
    _say(Text(text, style="dim"))


def report(error: TrainshedError) -> None:
    """Say what went wrong, field by field, and what to do."""
    _say(Text.assemble(("error: ", "bold red"), printable(error.detail)))
    for field in error.errors:
        _say(Text(f"  {printable(str(field))}"))
    if error.advice:
        _say(Text(f"→ {printable(error.advice)}", style="cyan"))
    if error.request_id:
        _say(Text(f"  request {printable(error.request_id)}", style="dim"))


def _say(text: Text) -> None:
    # Made anew each time: stderr may have been replaced since the import.
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)
