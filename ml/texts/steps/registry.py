"""Which function carries out which step for texts. Each class of `trainshed.specs.OF_TEXTS` is here or augments."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from ml.texts.steps.markup import strip_markup, strip_urls
from ml.texts.steps.repair_encoding import repair_encoding
from trainshed import specs
from trainshed.specs import Casing, NormalizeUnicode, Step

_CASES: Final[dict[str, Callable[[str], str]]] = {"lower": str.lower, "upper": str.upper, "fold": str.casefold}


def _normalized(step: NormalizeUnicode, text: str) -> str:
    return unicodedata.normalize(step.form, text)


def _cased(step: Casing, text: str) -> str:
    return _CASES[step.to](text)


CLEANS: Final[dict[type[Step], Callable[[Any, str], str]]] = {
    specs.RepairEncoding: lambda _, text: repair_encoding(text),
    specs.NormalizeUnicode: _normalized,
    specs.Casing: _cased,
    specs.StripMarkup: lambda _, text: strip_markup(text),
    specs.StripUrls: lambda _, text: strip_urls(text),
    specs.CollapseWhitespace: lambda _, text: " ".join(text.split()),
}
"""Steps that are kept with the model: `(step, text)` gives a text. They look at nothing else, so none is fitted."""


def clean_texts(steps: Sequence[Step], texts: Iterable[str]) -> list[str]:
    """Return texts as those of the steps make them that are kept with a model, in order."""
    kept = [step for step in steps if not step.augments]
    cleaned = []
    for text in texts:
        for step in kept:
            text = CLEANS[type(step)](step, text)  # noqa: PLW2901 - each step takes what the one before it made
        cleaned.append(text)
    return cleaned
