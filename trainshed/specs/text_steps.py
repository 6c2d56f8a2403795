"""Steps for texts. Those that clean look at one text alone and are fitted on nothing; those that augment come last."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainshed.specs.step import Augmenting, Step

_TEXTS = frozenset({"texts"})


class TextStep(Step):
    """Base of the steps for texts."""

    takes: ClassVar[frozenset[str]] = _TEXTS


class RepairEncoding(TextStep):
    """Put right what was read in the wrong encoding, such as `Ã©` for `é`, where it can be told without doubt."""

    step: Literal["repair_encoding"]


class NormalizeUnicode(TextStep):
    """Bring letters that look the same into one form (Unicode Standard Annex 15)."""

    step: Literal["normalize_unicode"]
    form: Literal["NFC", "NFD", "NFKC", "NFKD"] = "NFKC"
    """`NFC` only puts accents together; `NFKC` makes plain letters of ligatures and wide letters, too."""


class Casing(TextStep):
    """Bring all letters into one case."""

    step: Literal["casing"]
    to: Literal["lower", "upper", "fold"] = "lower"
    """`fold` is for comparing: it makes `ss` of `ß`, too."""


class StripMarkup(TextStep):
    """Take out tags, comments, scripts and styles of HTML, and read its entities. A space stays in their place."""

    step: Literal["strip_markup"]


class StripUrls(TextStep):
    """Take out web addresses. A space stays in their place."""

    step: Literal["strip_urls"]


class CollapseWhitespace(TextStep):
    """Make one space of any number of spaces, tabs and line ends, and none at both ends."""

    step: Literal["collapse_whitespace"]


class DropWords(Augmenting):
    """Leave words out at random; one always stays."""

    takes: ClassVar[frozenset[str]] = _TEXTS

    step: Literal["drop_words"]
    share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Probability with which each is left out."""


class SwapWords(Augmenting):
    """Let two words that follow each other change places, so many times."""

    takes: ClassVar[frozenset[str]] = _TEXTS

    step: Literal["swap_words"]
    swaps: Annotated[int, Field(ge=1, le=100)] = 1
    """How many times."""


AnyOfTexts = (
    RepairEncoding | NormalizeUnicode | Casing | StripMarkup | StripUrls | CollapseWhitespace | DropWords | SwapWords
)
OF_TEXTS: tuple[type[Step], ...] = (
    RepairEncoding,
    NormalizeUnicode,
    Casing,
    StripMarkup,
    StripUrls,
    CollapseWhitespace,
    DropWords,
    SwapWords,
)
