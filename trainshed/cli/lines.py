"""What a job printed, as lines that are safe and calm on a terminal."""

from __future__ import annotations

import re
from typing import Final

from trainshed.cli.cells import printable

_LONGEST: Final = 1 << 16
"""A line that is longer is broken, so that a program that never ends one is seen, too."""
_SEQUENCE: Final = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # CSI: colours, moves, erasures (ECMA-48 section 5.4)
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and its like: titles, links, the clipboard
    r"|[ -/]+[0-~]|[0-OQ-WYZ\\`-~]"  # the others: character sets, resets
    r")"
)


class Lines:
    """Cuts bytes, in whatever pieces they come, into lines of plain text."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, chunk: bytes) -> list[str]:
        """Return the lines that `chunk` ends."""
        *ended, self._begun = (self._begun + chunk).split(b"\n")
        lines = [plain(line) for line in ended]
        if len(self._begun) > _LONGEST:  # of a bar that overwrites itself only the last state counts
            self._begun = self._begun[self._begun.rfind(b"\r", 0, -1) + 1 :]
        if len(self._begun) > _LONGEST:
            lines.extend(self.rest())
        return lines

    @property
    def begun(self) -> str:
        """What there is of the line that has not ended: a prompt, or the bar of a program that draws one."""
        return plain(self._begun)

    def rest(self) -> list[str]:
        """Return the last line, if it has not ended."""
        begun, self._begun = self._begun, b""
        return [plain(begun)] if begun else []


def plain(line: bytes) -> str:
    """Return the text that would be left to see: no colours or moves, and of a line that overwrote itself the end."""
    text = _SEQUENCE.sub("", line.decode("utf-8", errors="replace"))
    shown = next((part for part in reversed(text.split("\r")) if part.strip("\b ")), "")
    return printable(shown.replace("\b", "").expandtabs())
