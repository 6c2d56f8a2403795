"""Steps of texts: what each makes of one, and that augmentation depends on seed, epoch and text alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.texts import encode_texts, fit_text_encoding
from ml.texts.augmentation import AUGMENTATIONS, TextAugmentation
from ml.texts.steps import CLEANS, clean_texts
from ml.texts.steps.markup import strip_markup
from ml.texts.steps.repair_encoding import repair_encoding
from tests.ml.test_table_steps import make
from trainshed.specs import OF_TEXTS

TEXTS = ["a b c d e f", "b c", "a", "d d e e f f g", ""]


def test_each_step_of_the_spec_language_for_texts_has_exactly_one_function():
    assert CLEANS.keys() | AUGMENTATIONS == set(OF_TEXTS)
    assert {cls for cls in OF_TEXTS if cls.augments} == AUGMENTATIONS


@pytest.mark.parametrize(
    ("step", "text", "made"),
    [
        ({"step": "casing"}, "Straße ÉTÉ", "straße été"),
        ({"step": "casing", "to": "upper"}, "été", "ÉTÉ"),
        ({"step": "casing", "to": "fold"}, "Straße", "strasse"),
        ({"step": "normalize_unicode", "form": "NFC"}, "e\u0301 ﬁ", "é ﬁ"),
        ({"step": "normalize_unicode"}, "e\u0301 ﬁ", "é fi"),
        ({"step": "collapse_whitespace"}, "  a\t\nb\u00a0 c ", "a b c"),
        ({"step": "strip_urls"}, "see https://a.b/c?d=1, or www.x.org.", "see  , or  ."),
        ({"step": "strip_markup"}, "a<br/>b &amp; <b class='x'>c</b>", "a b &  c "),
        ({"step": "strip_markup"}, "1 < 2, I <3 you, <i", "1 < 2, I <3 you, <i"),
        ({"step": "strip_markup"}, "a<script>if (x > 1) {</script>b<!-- c > d -->e<STYLE>f", "a b e "),
        ({"step": "repair_encoding"}, "cafÃ© â€“ itâ€™s", "café \u2013 it\u2019s"),
    ],
)
def test_a_step_cleans_a_text(step, text, made):
    assert clean_texts([make(**step)], [text]) == [made]


def test_steps_clean_in_order_and_leave_to_training_what_augments():
    steps = [make(step="strip_markup"), make(step="casing"), make(step="collapse_whitespace"), make(step="drop_words")]
    assert clean_texts(steps, ["<p>A  <b>B"]) == ["a b"]


def misread(text: str) -> str:
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


QUOTES = "\u00ab\u00bb\u201e\u201c\u201d\u2018\u2019\u2026\u2013\u2014"
LETTERS = "abc ÄÖÜäöüßÀÉÈÊÇÑÕéèêçñõøåæ0123456789.,!?°€😀"


@given(st.text(LETTERS, max_size=40).map(lambda text: f"é {text}"))
def test_what_was_read_in_the_wrong_encoding_is_put_right_once_or_twice(text):
    assert repair_encoding(misread(text)) == text
    assert repair_encoding(misread(misread(text))) == text


@given(st.text(LETTERS + QUOTES, max_size=40))
def test_what_was_read_well_stays_as_it_is(text):
    assert repair_encoding(text) == text


@pytest.mark.parametrize("text", ["“IRMÔ", "„MENÜ“", "«café»…", "привет мир", "日本語", "NÃO É", "5 °C", "Âge", "Ω 10"])
def test_what_might_be_misread_and_is_not_stays_as_it_is(text):
    assert repair_encoding(text) == text
    if not text.isascii() and len(text) > 5:
        assert repair_encoding(misread(text)) == text


@pytest.mark.parametrize("piece", ["<", "<!--", "<script>", "<a ", "</", "&#", "https://", "www."])
def test_no_text_costs_more_than_its_length(piece):
    """By the square of its length it would take hours: the deadline of all tests would end it."""
    text = piece * 300_000
    (made,) = clean_texts([make(step="strip_markup"), make(step="strip_urls")], [text])
    assert len(made) <= len(text)


def test_an_unclosed_comment_reaches_to_the_end():
    assert strip_markup("a <!-- b > c") == "a  "


# --- augmentation ---


def augmenting(*steps: dict[str, Any], seed: int = 5, pairs: bool = True) -> TextAugmentation:
    encoding = fit_text_encoding(TEXTS * 2, pairs=pairs, vocabulary=100, length=20)
    return TextAugmentation.of(
        [make(**step) for step in steps], seed=seed, encoding=encoding, texts=TEXTS, targets=np.arange(len(TEXTS))
    )


EACH = [{"step": "drop_words", "share": 0.4}, {"step": "swap_words", "swaps": 2}]


@pytest.mark.parametrize("step", EACH, ids=json.dumps)
def test_what_a_text_becomes_is_a_pure_function_of_seed_epoch_and_text(step):
    augment, rows = augmenting(step), np.arange(len(TEXTS))
    made, targets = augment(rows, epoch=3)
    assert (made.shape, made.dtype) == (encode_texts(augment.encoding, TEXTS).shape, np.int32)
    some = np.array([3, 0])
    np.testing.assert_array_equal(augment(some, epoch=3)[0], made[some])  # not of its batch
    assert targets.tolist() == rows.tolist()
    others = [augmenting(step, seed=seed)(rows, epoch=epoch)[0] for seed, epoch in ((6, 3), (5, 4), (7, 9))]
    assert all((other != made).any() for other in others)


def test_dropping_leaves_words_in_order_and_one_at_least():
    augment = augmenting({"step": "drop_words", "share": 0.9}, pairs=False)
    whole = encode_texts(augment.encoding, TEXTS)
    seen = set()
    for epoch in range(50):
        made, _ = augment(np.arange(len(TEXTS)), epoch=epoch)
        left = [word for word in made[0].tolist() if word]
        seen |= set(left)
        assert len(left) >= 1
        assert left == [word for word in whole[0].tolist() if word in left]
        np.testing.assert_array_equal(made[2], whole[2])
    assert seen == set(whole[0].tolist()) - {0}


def test_swapping_changes_places_and_no_word():
    augment = augmenting({"step": "swap_words", "swaps": 3}, pairs=False)
    made, _ = augment(np.arange(len(TEXTS)), epoch=1)
    whole = encode_texts(augment.encoding, TEXTS)
    np.testing.assert_array_equal(np.sort(made), np.sort(whole))
    assert (made != whole).any()


@pytest.mark.parametrize("step", [{"step": "drop_words", "share": 0}], ids=json.dumps)
def test_a_step_without_strength_changes_no_text(step):
    augment = augmenting(step)
    np.testing.assert_array_equal(augment(np.arange(len(TEXTS)), epoch=1)[0], encode_texts(augment.encoding, TEXTS))
