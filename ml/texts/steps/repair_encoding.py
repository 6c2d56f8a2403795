"""`repair_encoding`: puts right what was UTF-8 and was read as Windows-1252 or Latin-1, such as `Ã©` for `é`.

Each letter beyond ASCII became two to four, the first of which says how many follow. Most such sequences never occur in
text that was read well. One that may (`Ã` at the end of a word in capitals, before a closing quotation mark) is put
right only where the same text has one that leaves no doubt, or where several follow each other.
"""

from __future__ import annotations

import re
from typing import Final

_MOST_ROUNDS: Final = 3
"""What was read wrongly twice is put right twice."""
_FEWEST_IN_A_ROW: Final = 3
_CLOSING: Final = frozenset("\u2019\u201d\u2026\u00bb")
"""What may well follow a word at once: closing quotation marks, an apostrophe, three dots."""


def _bytes_of_letters() -> dict[str, int]:
    """Return for each letter that a byte from 0x80 on is read as that byte."""
    found = {chr(byte): byte for byte in range(0x80, 0x100)}  # Latin-1
    for byte in range(0x80, 0xA0):
        read = bytes([byte]).decode("cp1252", "ignore")
        if read:
            found[read] = byte
    return found


_BYTES: Final = _bytes_of_letters()


def _class_of(first: int, last: int) -> str:
    return "[" + "".join(re.escape(letter) for letter, byte in _BYTES.items() if first <= byte <= last) + "]"


_NEXT: Final = _class_of(0x80, 0xBF)
_SEQUENCE: Final = (
    f"(?:{_class_of(0xC2, 0xDF)}{_NEXT}|{_class_of(0xE0, 0xEF)}{_NEXT}{{2}}|{_class_of(0xF0, 0xF4)}{_NEXT}{{3}})"
)
_RUN: Final = re.compile(f"{_SEQUENCE}+")
_ONE: Final = re.compile(_SEQUENCE)


def repair_encoding(text: str) -> str:
    """Return the text with what was read wrongly put right; a text that was read well stays as it is."""
    for _ in range(_MOST_ROUNDS):
        repaired = _repaired(text)
        if repaired == text:
            break
        text = repaired
    return text


def _repaired(text: str) -> str:
    if text.isascii():
        return text
    without_doubt = any(_is_sure(one) for one in _ONE.finditer(text))

    def again(run: re.Match[str]) -> str:
        sequences = list(_ONE.finditer(text, run.start(), run.end()))
        if len(sequences) >= _FEWEST_IN_A_ROW or any(_is_sure(one) for one in sequences):
            return "".join(_read_again(one[0]) for one in sequences)
        return "".join(_read_again(one[0]) if without_doubt and _is_western(one[0]) else one[0] for one in sequences)

    return _RUN.sub(again, text)


def _is_sure(sequence: re.Match[str]) -> bool:
    """Whether it occurs in no sound text."""
    text, begin, end = sequence.string, sequence.start(), sequence.end()
    before, after = text[max(begin - 1, 0) : begin], text[end : end + 1]
    ends_a_word = before.isupper() and not after.isalpha() and set(sequence[0][1:]) <= _CLOSING
    return _is_western(sequence[0]) and not ends_a_word


def _is_western(sequence: str) -> bool:
    """Whether it stands for a letter of Western Europe, a punctuation mark or an emoji: what is misread most."""
    first, second = _BYTES[sequence[0]], _BYTES[sequence[1]]
    return first in {0xC2, 0xC3} or first >= 0xF0 or (first == 0xE2 and second < 0xA0)


def _read_again(sequence: str) -> str:
    try:
        return bytes(_BYTES[letter] for letter in sequence).decode("utf-8")
    except UnicodeDecodeError:  # an overlong form, or half of a pair: no letter at all
        return sequence
