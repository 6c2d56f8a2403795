"""Catalogues of messages of gettext, whose ids are the texts of one language: `.mo`, compiled, and `.po`.

Of a message with a context, the id is what comes after `\\x04`. Of one with plurals the singular counts. What is not
translated, or marked as fuzzy, is left out.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

_MO_MARKS: Final = (b"\xde\x12\x04\x95", b"\x95\x04\x12\xde")
_PO_MARK: Final = re.compile(rb'^msgid\s+"', re.MULTILINE)
_CONTEXT: Final = "\x04"
_LINE: Final = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr|msgstr\[\d+\])?\s*"(.*)"$')
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}

Pairs = Iterator[tuple[str, str]]


def is_mo(beginning: bytes) -> bool:
    """Whether bytes begin like a compiled catalogue."""
    return beginning.startswith(_MO_MARKS)


def is_po(beginning: bytes) -> bool:
    """Whether bytes begin like a catalogue in plain text."""
    return b"\0" not in beginning and _PO_MARK.search(beginning) is not None


def read_mo(content: bytes) -> Pairs:
    """Yield the pairs of a compiled catalogue in UTF-8. Raises ValueError for one that is damaged."""
    order = "<" if content.startswith(_MO_MARKS[0]) else ">"
    try:
        _, count, ids, texts = struct.unpack_from(f"{order}4I", content, 4)
        if count > len(content) // 16:
            raise ValueError(f"it says that it holds {count:,} messages in {len(content):,} bytes")
        for number in range(count):
            given, translated = (_text(content, order, table + 8 * number) for table in (ids, texts))
            if given and translated:
                yield given.split(_CONTEXT, 1)[-1], translated
    except struct.error as error:
        raise ValueError("it ends too early") from error


def _text(content: bytes, order: str, place: int) -> str:
    """Return the text, of several forms the first, whose length and offset are at a place."""
    length, offset = struct.unpack_from(f"{order}2I", content, place)
    if offset + length > len(content):
        raise ValueError("it ends too early")
    return content[offset : offset + length].split(b"\0", 1)[0].decode()


def read_po(content: bytes) -> Pairs:
    """Yield the pairs of a catalogue in UTF-8. Raises ValueError that names the line for what is no catalogue."""
    entry: dict[str, str] = {}
    field = ""
    is_fuzzy = False
    for number, line in enumerate([*content.decode("utf-8-sig").splitlines(), ""], start=1):
        text = line.strip()
        found = _LINE.match(text)
        if not text or text.startswith("#"):
            yield from _pair(entry, is_fuzzy=is_fuzzy)
            is_fuzzy = (text.startswith("#,") and "fuzzy" in text) or (is_fuzzy and not entry and bool(text))
            entry, field = {}, ""
        elif found is None:
            raise ValueError(f"line {number} is {text[:60]!r}")
        else:
            if found[1] in {"msgctxt", "msgid"} and "msgstr" in entry:
                yield from _pair(entry, is_fuzzy=is_fuzzy)
                entry, is_fuzzy = {}, False
            field = "msgstr" if found[1] == "msgstr[0]" else found[1] or field
            entry[field] = entry.get(field, "") + _ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[1]), found[2])


def _pair(entry: dict[str, str], *, is_fuzzy: bool) -> Pairs:
    given, translated = entry.get("msgid"), entry.get("msgstr")
    if given and translated and not is_fuzzy:
        yield given, translated
