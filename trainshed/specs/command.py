"""`kind: command`: run any program."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainshed.specs.common import BaseSpec

_Argument = Annotated[str, Field(max_length=131_072, pattern=r"^[^\x00]*$")]


class CommandSpec(BaseSpec):
    """Run a program in an empty folder. What it writes below $TRAINSHED_OUTPUT_DIR becomes its artifacts."""

    kind: Literal["command"]
    command: _Argument | Annotated[tuple[_Argument, ...], Field(min_length=1, max_length=4096)]
    """Program and arguments as a list, or one line for `/bin/sh -c`."""

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return ("/bin/sh", "-c", self.command) if isinstance(self.command, str) else self.command
