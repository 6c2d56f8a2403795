"""`strip_markup` and `strip_urls`. Both take time in proportion to the text, whatever it holds."""

from __future__ import annotations

import html
import re
from typing import Final

_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]*)|<[!?]")
_CLOSED: Final = {name: re.compile(f"</{name}[^>]*>", re.IGNORECASE) for name in ("script", "style")}
_URL: Final = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)


def strip_markup(text: str) -> str:
    """Return the text without tags, comments, scripts and styles of HTML, with its entities read.

    A `<` that begins no tag stays. A tag ends at the next `>`.
    """
    pieces: list[str] = []
    at = 0
    while (begin := text.find("<", at)) >= 0:
        end = _end_of_markup(text, begin)
        if end is None:
            break
        pieces += [text[at:begin], " "] if end > begin + 1 else [text[at:end]]
        at = end
    return html.unescape("".join([*pieces, text[at:]]))


def strip_urls(text: str) -> str:
    """Return the text without web addresses; the full stop of a sentence is no part of one."""
    return _URL.sub(" ", text)


def _end_of_markup(text: str, begin: int) -> int | None:
    """Return where what begins at `begin` ends; just after it where it is no markup. None: no tag ends any more."""
    if text.startswith("<!--", begin):
        end = text.find("-->", begin + 4)
        return len(text) if end < 0 else end + 3
    tag = _TAG.match(text, begin)
    if tag is None:
        return begin + 1
    end = text.find(">", begin) + 1
    if end == 0:
        return None
    closed = _CLOSED.get((tag[1] or "").lower())
    if closed is None or text[begin + 1] == "/":
        return end
    found = closed.search(text, end)
    return len(text) if found is None else found.end()
