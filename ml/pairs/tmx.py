"""Translation memories in TMX 1.4: units with the same segment in several languages."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

_LANGUAGES = ("xml:lang", "lang")


def is_tmx(beginning: bytes) -> bool:
    """Whether bytes begin like a translation memory."""
    return beginning.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"<tmx" in beginning


def read_tmx(content: bytes, *, source: str | None, target: str | None) -> Iterator[tuple[str, str]]:
    """Yield the pairs of two languages, such as `en` (also for `en-GB`); by default the first two of the first unit.

    Nothing outside of the file is fetched, and a file that defines entities is refused. Raises ValueError.
    """
    units = _Units()
    units.parse(content)
    if not units.found:
        return
    names = list(units.found[0])
    before, after = source or names[0], target or (names[1] if len(names) > 1 else "")
    for unit in units.found:
        given, wanted = _segment(unit, before), _segment(unit, after)
        if given and wanted:
            yield given, wanted


def _segment(unit: dict[str, str], language: str) -> str | None:
    wanted = language.lower()
    return next((text for name, text in unit.items() if name == wanted or name.split("-")[0] == wanted), None)


class _Units:
    """Collects what is in `tuv` of `tu`, by language."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []
        self._language = ""
        self._depth = 0

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse_entity
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "tu":
            self.found.append({})
        elif name == "tuv":
            self._language = next((attributes[key] for key in _LANGUAGES if key in attributes), "").lower()
        elif name == "seg" and self.found:
            self._depth = 1
            self.found[-1].setdefault(self._language, "")
        elif self._depth:
            self._depth += 1  # an inline element: its marks are no text

    def _end(self, name: str) -> None:
        if self._depth:
            self._depth -= 1

    def _text(self, text: str) -> None:
        if self._depth == 1:
            self.found[-1][self._language] += text


def _refuse_entity(name: str, *_: object) -> None:
    raise ValueError(f"it defines the entity {name}, and no translation memory needs one")
