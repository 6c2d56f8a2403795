"""Translators: parts of words, what is in which part, and that translating computes what the network computes."""

from __future__ import annotations

import gettext
import struct
import sys
import zipfile
from datetime import date

import keras
import numpy as np
import pytest
from sacrebleu.metrics import BLEU

from ml.errors import InvalidData
from ml.evaluation.bleu import bleu_of, counts_of
from ml.evaluation.translations import beside_translations, nearest_rows, translation_verdict
from ml.families.measuring import compiled as compiled_model
from ml.families.translator.decoding import make_translate
from ml.families.translator.presets import build
from ml.pairs import PairSet, Splitter, dates, divide_pairs, fit_subwords, load_pairs
from ml.pairs.asked_pairs import ask_pairs
from ml.pairs.subwords import BEGIN, END, PAD, UNKNOWN
from ml.training.order import by_length
from ml.training.sequences import NextPiece
from trainshed.errors import InvalidSpec
from trainshed.specs import Columns, Data, Split, parse_spec

LENGTH = 6
PIECES = 9


@pytest.fixture(scope="module")
def network():
    """A network that has learned nothing but has an opinion: random weights, as large as trained ones."""
    keras.utils.set_random_seed(1)
    made = build("transformer_small", pieces=PIECES, length=LENGTH + 1)
    random = np.random.Generator(np.random.PCG64(1))
    for layer in made.layers:
        layer.set_weights([each + random.normal(0, 0.1, each.shape) for each in layer.get_weights()])
    made.compiled = compiled_model(made)
    return made


def told(network, source, said):
    """Return by the network itself the log-probabilities of what follows `said`, without `PAD`."""
    both = np.zeros((1, 2, max(len(source), len(said))), np.int32)
    both[0, 0, : len(source)], both[0, 1, : len(said)] = source, said
    logits = np.asarray(network.compiled(both))[0, len(said) - 1].astype(np.float64)
    logits -= np.log(np.exp(logits).sum())
    logits[PAD] = -np.inf
    return logits


def greedy(network, source):
    """Return what the network says, the likeliest part after the other."""
    said = [BEGIN]
    while len(said) <= LENGTH and said[-1] != END:
        said.append(int(told(network, source, said).argmax()))
    return said[1:]


def all_texts(network, source, beam):
    """Return the likeliest text that following `beam` of them finds, by the network itself, step by step."""
    texts = [([BEGIN], 0.0)]
    for _ in range(LENGTH):
        ways = [([*said, PAD], score) if said[-1] in (END, PAD) else None for said, score in texts]
        grown = [way for way in ways if way is not None]
        for said, score in texts:
            if said[-1] not in (END, PAD):
                found = told(network, source, said)
                grown += [([*said, number], score + found[number]) for number in range(1, PIECES)]
        texts = sorted(grown, key=lambda way: -way[1])[:beam]
    best = max(texts, key=lambda way: way[1] / sum(number != PAD for number in way[0][1:]) ** 0.6)
    return [number for number in best[0][1:] if number != PAD]


SOURCES = [[5, 7, END], [8, 4, 6, 5, END], [4, END]]


def padded(sources):
    array = np.zeros((len(sources), max(map(len, sources))), np.int32)
    for row, source in enumerate(sources):
        array[row, : len(source)] = source
    return array


def unpadded(lists):
    return [[number for number in row if number != PAD] for row in lists.tolist()]


def test_translating_part_by_part_says_what_the_network_says(network):
    translate = make_translate(network, "transformer_small", beam=1, length=LENGTH)
    assert unpadded(translate(padded(SOURCES))) == [greedy(network, source) for source in SOURCES]


@pytest.mark.parametrize("beam", [3])
def test_a_beam_finds_the_likeliest_of_the_texts_that_it_follows(network, beam):
    translate = make_translate(network, "transformer_small", beam=beam, length=LENGTH)
    assert unpadded(translate(padded(SOURCES))) == [all_texts(network, source, beam) for source in SOURCES]


def test_pieces_put_together_again_are_the_text_with_single_spaces():
    texts = ["Save as...", "Save  the file", "d'un élève", "100 % (a_b)", "Save"] * 3
    splitter = Splitter(fit_subwords(texts, vocabulary=60))
    for text in [*texts, "Saved... file 100"]:
        assert splitter.decode(splitter.encode(text)) == " ".join(text.split())


def test_the_most_frequent_pair_is_put_together_first_and_of_equal_ones_the_first_by_letters():
    found = fit_subwords(["xy xy xy zq zq"], vocabulary=100).pieces
    assert found == ("q", "x", "y", "z", "▁", "xy", "▁xy", "zq", "▁zq")


def test_a_letter_that_was_never_seen_is_unknown_and_says_nothing():
    splitter = Splitter(fit_subwords(["aa bb"] * 2, vocabulary=50))
    assert UNKNOWN in splitter.encode("aa ☃")
    assert splitter.decode(splitter.encode("aa ☃ bb")) == "aa  bb"


def test_frequent_words_are_one_piece_and_the_vocabulary_is_no_larger_than_asked():
    texts = [f"the word{number} of the other" for number in range(50)]
    subwords = fit_subwords(texts, vocabulary=40)
    assert subwords.size <= 40
    assert len(Splitter(subwords).encode("the of other")) == 3


def pairs_of(*pairs):
    return PairSet(
        source="p",
        sources=tuple(given for given, _ in pairs),
        targets=tuple(wanted for _, wanted in pairs),
        names=("source", "target"),
        provenance="",
        licence="",
    )


def test_sources_that_differ_in_marks_and_capitals_are_in_one_part():
    pairs = pairs_of(*((text, "x") for name in range(40) for text in (f"Go {name}", f"go {name}...", f"GO: {name}")))
    parts = divide_pairs(pairs, Split(validation=0.2, test=0.3))
    words = {name: {row // 3 for row in parts.rows(name)} for name in ("train", "validation", "test")}
    assert not words["train"] & words["test"]
    assert not words["train"] & words["validation"]
    assert not words["validation"] & words["test"]
    assert parts.counts == {"train": 60, "validation": 24, "test": 36}


def read(folder, name, content, **columns):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    data = Data(path=str(folder / name), columns=Columns(**columns))
    found = load_pairs(data, roots=(folder,), files={})
    return list(zip(found.sources, found.targets, strict=True)), found


CSV = "en,fr,n\nOne,Un,1\nTwo,Deux,2\nThree,Trois,3\nFour,Quatre,4\nOne,Une,5\n"
NUMBERS = [("One", "Un"), ("Two", "Deux"), ("Three", "Trois"), ("Four", "Quatre")]


def test_a_source_that_is_there_twice_has_its_first_target_and_is_counted(tmp_path):
    pairs, found = read(tmp_path, "d.csv", CSV, source="en", target="fr")
    assert pairs == NUMBERS
    assert found.names == ("en", "fr")
    assert found.dropped == {"an earlier pair has the same source": 1}


PO = r"""
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"

#: a.c
msgctxt "menu"
msgid "One"
msgstr "Un"
msgid "Two"
msgstr ""
"De"
"ux"

#, fuzzy
msgid "Old"
msgstr "Vieux"

msgid "Untold"
msgstr ""

msgid "Three"
msgid_plural "Threes"
msgstr[0] "Trois"
msgstr[1] "Troisièmes"

#~ msgid "Gone"
#~ msgstr "Parti"

msgid "Say \"Four\""
msgstr "Dire « quatre »"
"""
TOLD = [("One", "Un"), ("Two", "Deux"), ("Three", "Trois"), ('Say "Four"', "Dire « quatre »")]


def test_a_catalogue_in_plain_text_gives_what_is_translated(tmp_path):
    assert read(tmp_path, "fr.po", PO)[0] == TOLD


def compiled(pairs, order="<"):
    """Write a compiled catalogue as GNU gettext's manual lays it out."""
    ids, texts = ([text.encode() for text in column] for column in zip(*pairs, strict=True))
    start = 28 + 16 * len(pairs)
    tables, blob = b"", b""
    for column in (ids, texts):
        for text in column:
            tables += struct.pack(f"{order}2I", len(text), start + len(blob))
            blob += text + b"\0"
    return struct.pack(f"{order}7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + tables + blob


MESSAGES = [
    ("", "Content-Type: text/plain; charset=UTF-8\n"),
    ("menu\x04One", "Un"),
    ("Two", "Deux"),
    ("Three\0Threes", "Trois\0…"),
]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_compiled_catalogue_gives_singulars_without_their_contexts(tmp_path, order):
    content = compiled([*MESSAGES, ("Four", "Quatre")], order)
    assert read(tmp_path, "fr.mo", content)[0] == NUMBERS
    with (tmp_path / "fr.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Two") == "Deux"


@pytest.mark.parametrize("cut", [9, 30, 90, -3])
def test_a_compiled_catalogue_that_is_cut_is_refused(tmp_path, cut):
    with pytest.raises(InvalidData, match="cannot be read: it"):
        read(tmp_path, "fr.mo", compiled([*MESSAGES, ("Four", "Quatre")])[:cut])


TMX = """<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header/><body>
<tu><tuv xml:lang="en-GB"><seg>One</seg></tuv><tuv xml:lang="fr"><seg>Un</seg></tuv></tu>
<tu><tuv xml:lang="fr"><seg>De<ph>{1}</ph>ux</seg></tuv><tuv xml:lang="en-GB"><seg>Two</seg></tuv></tu>
<tu><tuv xml:lang="en-GB"><seg>Three</seg></tuv><tuv xml:lang="de"><seg>Drei</seg></tuv></tu>
<tu><tuv xml:lang="en-GB"><seg>Three</seg></tuv><tuv xml:lang="fr"><seg>Trois</seg></tuv></tu>
<tu><tuv xml:lang="en-GB"><seg>Four</seg></tuv><tuv xml:lang="fr"><seg>Quatre</seg></tuv></tu></body></tmx>"""


def test_a_translation_memory_gives_the_pairs_of_its_first_two_languages(tmp_path):
    assert read(tmp_path, "d.tmx", TMX)[0] == NUMBERS


def test_a_translation_memory_gives_the_languages_that_are_named(tmp_path):
    reversed_pairs = [(wanted, given) for given, wanted in NUMBERS]
    assert read(tmp_path, "d.tmx", TMX, source="fr", target="en")[0] == reversed_pairs


def test_a_translation_memory_that_defines_entities_is_refused(tmp_path):
    bomb = TMX.replace('SYSTEM "tmx14.dtd"', '[<!ENTITY a "aaaa">]')
    with pytest.raises(InvalidData, match="defines the entity a"):
        read(tmp_path, "d.tmx", bomb)


def test_a_zip_of_catalogues_is_one_set_of_pairs(tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("a/one.mo", compiled(MESSAGES[:3]))
        archive.writestr("a/two.po", 'msgid "Three"\nmsgstr "Trois"\nmsgid "Four"\nmsgstr "Quatre"\n')
        archive.writestr("a/README", "nothing")
    found = load_pairs(Data(path=str(tmp_path / "d.zip")), roots=(tmp_path,), files={})
    assert list(zip(found.sources, found.targets, strict=True)) == NUMBERS


def test_dates_are_made_up_say_so_and_have_one_answer_each():
    data = dates.load()
    assert data.synthetic
    assert data.provenance.startswith("synthetic")
    assert (dates.english(date(1925, 9, 1)), dates.french(date(1925, 9, 1))) == (
        "Tuesday, September 1, 1925",
        "mardi 1er septembre 1925",
    )
    assert len(set(data.sources)) == len(data) == 6000


def test_a_batch_holds_texts_of_about_one_length_and_each_epoch_visits_all():
    lengths = np.random.Generator(np.random.PCG64(1)).integers(1, 30, 103)
    order = by_length(lengths, 10)
    first, second = order(103, 0, 1), order(103, 0, 2)
    assert first.tolist() != second.tolist()
    assert first.tolist() == order(103, 0, 1).tolist()
    for rows in (first, second):
        assert sorted(rows.tolist()) == list(range(103))
        spans = [np.ptp(lengths[rows[start : start + 10]]) for start in range(0, 100, 10)]
        assert max(spans) < 12
        starts = [int(lengths[rows[start]]) for start in range(0, 100, 10)]
        assert starts != sorted(starts)


def test_bleu_and_its_sums_are_those_of_sacrebleu():
    found = ["the cat sat on a mat", "a dog", "no thing here is right at all", "x"]
    wanted = ["the cat sat on the mat", "a dog barks", "every word differs there entirely now", "y"]
    theirs = BLEU().corpus_score(found, [wanted]).score
    assert bleu_of(counts_of(found, wanted)) == pytest.approx(theirs)
    nothing_of_four = (["a b c", "d e f g"], ["a b c", "d e f h"])
    expected = BLEU().corpus_score(nothing_of_four[0], [nothing_of_four[1]]).score
    assert bleu_of(counts_of(*nothing_of_four)) == pytest.approx(expected)
    assert bleu_of(counts_of([""], ["a b c d"])) == 0


def test_translations_that_differ_by_chance_are_no_better():
    wanted = [f"the word {number} is here now" for number in range(30)]
    found = [text if row % 2 else f"{text} x" for row, text in enumerate(wanted)]
    other = [f"{text} x" if row % 2 else text for row, text in enumerate(wanted)]
    (baseline,) = beside_translations(counts_of(found, wanted), wanted, {"the other": other})
    assert translation_verdict(90.0, [baseline]).startswith("No better than the other")


def test_the_nearest_text_is_the_one_that_shares_most_letters():
    assert nearest_rows(["open the file", "close the window", "print"], ["close windows", "opened file"]).tolist() == [
        1,
        0,
    ]


def test_without_sacrebleu_an_evaluation_names_the_command_that_installs_it(tmp_path, settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(InvalidData, match="BLEU is in the package sacrebleu, which is not installed") as raised:
        counts_of(["a"], ["a"])
    assert 'pip install "trainshed[translation]"' in raised.value.remedy


def test_class_weights_have_no_meaning_for_a_translator_and_label_smoothing_has():
    document = {
        "kind": "train",
        "name": "t",
        "data": {"dataset": "synthetic/dates"},
        "model": {"family": "translator"},
        "training": {"label_smoothing": 0.1},
    }
    assert parse_spec(document).training.label_smoothing == 0.1
    document["training"]["class_weights"] = "balanced"
    with pytest.raises(InvalidSpec, match="class_weights is for classifiers"):
        parse_spec(document)


def test_a_loss_counts_no_filling_and_smoothing_is_spread_evenly():
    logits = np.random.Generator(np.random.PCG64(1)).normal(size=(2, 3, 5)).astype(np.float32)
    targets = np.array([[1, 2, 3], [4, 0, 0]], np.int32)
    told = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    objective = NextPiece(5, mean_length=2.0, label_smoothing=0.1)
    right = np.array([-told[0, [0, 1, 2], [1, 2, 3]].sum(), -told[1, 0, 4]])
    even = np.array([-told[0].mean(axis=-1).sum(), -told[1, 0].mean()])
    assert np.asarray(objective.plain_losses(targets, logits)) == pytest.approx(right / 2, rel=1e-5)
    assert np.asarray(objective.losses(targets, logits)) == pytest.approx((0.9 * right + 0.1 * even) / 2, rel=1e-5)
    hits = told.argmax(axis=-1) == targets
    assert float(objective.sum_scores(targets, logits)) == pytest.approx(hits[0].mean() + hits[1, 0])


def test_rows_that_say_their_part_are_refused_by_a_family_that_divides_by_sources(tmp_path):
    content = "source,target,split\n" + "".join(f"a{row},b{row},{'test' if row % 3 else 'train'}\n" for row in range(9))
    with pytest.raises(InvalidData, match="has a column that tells the part of each row"):
        read(tmp_path, "d.csv", content)


def test_a_text_that_is_translated_is_that_of_its_row_in_the_file(tmp_path):
    _, found = read(tmp_path, "d.csv", CSV, source="en", target="fr")
    assert found.rows == (0, 1, 2, 3)
    asked = ask_pairs(
        Data(path=str(tmp_path / "d.csv")), "en", np.array, keep=["n"], chosen=None, roots=(tmp_path,), files={}
    )
    (batch,) = asked.read(9)
    assert (batch.rows.tolist(), batch.inputs.tolist()) == ([0, 1, 2, 3, 4], ["One", "Two", "Three", "Four", "One"])
    assert batch.kept == {"n": ["1", "2", "3", "4", "5"]}
