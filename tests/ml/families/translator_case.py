"""The tiny training of a translator: lines of numerals, of which each word has its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.families.translator import presets
from ml.families.translator.card import TranslatorCard
from ml.families.translator.decoding import make_translate
from ml.model.card import read_card
from ml.pairs import Splitter, encode_sources, load_pairs
from tests.ml.families.case import Case, Document, Roots, spec_of
from tests.ml.families.tables import other_order, write_rows

_DIGITS: Final = {"one": "un", "two": "deux", "three": "trois", "four": "quatre", "five": "cinq", "six": "six"}


def pair_rows() -> list[list[str]]:
    """Return lines of English numerals, and the same in French: each word has its own."""
    random = np.random.Generator(np.random.PCG64(5))
    words = list(_DIGITS)
    lines = {tuple(words[at] for at in random.integers(6, size=5)) for _ in range(110)}
    return [[" ".join(line), " ".join(_DIGITS[word] for word in line)] for line in sorted(lines)]


def _pair_table(change: Callable[[list[str]], list[str]], names: str = "source,target") -> Callable[[Path], Path]:
    return lambda folder: write_rows(folder, [change(row) for row in pair_rows()], names)


def _translator_spec(path: Path) -> Document:
    return spec_of(
        "translator",
        path,
        model={"family": "translator", "vocabulary": 64, "length": 12, "beam": 2, "dropout": 0.0},
        training={"epochs": 8, "batch_size": 16, "learning_rate": 0.004, "label_smoothing": 0.1},
    )


def _translated(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", TranslatorCard)
    pairs = load_pairs(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    splitter = Splitter(card.subwords)
    translate = make_translate(model, card.preset, beam=card.beam, length=card.length)
    said = [
        splitter.decode(translate(np.array([source], np.int32))[0].tolist())
        for source in encode_sources(splitter, pairs.sources, length=card.length)
    ]
    return {"metrics": {"exact_match": float(np.mean([a == b for a, b in zip(said, pairs.targets, strict=True)]))}}


def _judged_translations(predictions: Sequence[Mapping[str, str]]) -> Document:
    right = [one["prediction"] == pair_rows()[int(one["row"])][1] for one in predictions]
    return {"metrics": {"exact_match": float(np.mean(right))}}


def _tell(folder: Path, content: str, name: str = "data.po") -> Path:
    (folder / name).write_text(content)
    return folder / name


TRANSLATOR: Final = Case(
    family="translator",
    write=_pair_table(lambda row: row),
    spec=_translator_spec,
    networks=lambda name: (presets.build(name, pieces=20, length=9, dropout=0.1), (None, 20)),
    measured=_translated,
    unlabelled=other_order(pair_rows(), "source,target", 0),
    judged=_judged_translations,
    bad={
        "no source": (
            lambda folder: write_rows(folder, [*pair_rows()[:9], ["", "x"]], "source,target"),
            "source of row 9 has no text",
        ),
        "no target": (
            lambda folder: write_rows(folder, [*pair_rows()[:9], ["x", " "]], "source,target"),
            "target of row 9 has no text",
        ),
        "three columns": (
            _pair_table(lambda row: [*row, "x"], "one,two,three"),
            "which columns hold the two texts is not clear; it has one, two, three",
        ),
        "too few": (
            lambda folder: write_rows(folder, [["a b", "c"]] * 9, "source,target"),
            "has 1 pairs of texts, and 4 are the fewest",
        ),
        "all too long": (
            _pair_table(lambda row: [" ".join(row[:1] * 3), row[1]]),
            "no pair of the train part has at most 12 parts of words",
        ),
        "a broken catalogue": (
            lambda folder: _tell(folder, 'msgid "a"\nmsgstr "b"\nand more\n'),
            "cannot be read: line 3 is 'and more'",
        ),
    },
)
