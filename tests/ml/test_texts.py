"""Texts from files to numbers: which words there are is learned from the train part alone."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from ml.data import divide
from ml.errors import InvalidData
from ml.texts import encode_texts, fit_text_encoding, load_texts, text_findings
from ml.texts.words import with_pairs, words_of
from tests.ml.families.cases import text_rows, write_rows
from trainshed.specs import Columns, Data, Split


def texts_of(path, **columns):
    return load_texts(Data(path=str(path), columns=Columns(**columns)), roots=(path.parent,), files={})


def folders(root, files):
    """Write files by name, and return their folder."""
    for name, content in files.items():
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root / "data"


def test_words_are_in_one_form_and_marks_stand_by_themselves():
    assert words_of("Don\u2019t! ﬁne CAFÉ... :)") == ["don\u2019t", "!", "fine", "café", "...", ":)"]
    assert with_pairs(["not", "so", "bad"]) == ["not", "so", "bad", "not so", "so bad"]


def test_the_vocabulary_is_that_of_the_train_part_with_the_most_frequent_first():
    encoding = fit_text_encoding(["b a", "b a", "b once"], pairs=False, vocabulary=10, length=9)
    assert encoding.vocabulary == ("b", "a")
    assert encode_texts(encoding, ["a never b", "a a a"]).tolist() == [[3, 1], [3, 3]]


def test_a_word_of_the_test_part_is_in_no_vocabulary(tmp_path):
    rows = [[f"{text} only{at}x only{at}x", label] for at, (text, label) in enumerate(text_rows())]
    texts = texts_of(write_rows(tmp_path, rows, "text,label"))
    parts = divide(texts, Split())
    encoding = fit_text_encoding([texts.texts[row] for row in parts.train], pairs=True, vocabulary=999, length=9)
    known = {word for word in encoding.vocabulary if word.startswith("only") and " " not in word}
    assert known == {f"only{row}x" for row in parts.train}


def test_pairs_follow_the_words_of_a_text_and_what_is_longer_is_cut():
    encoding = fit_text_encoding(["a b", "a b"], pairs=True, vocabulary=10, length=2)
    assert encoding.vocabulary == ("a", "a b", "b")
    assert encode_texts(encoding, ["b a b a", "a b"]).tolist() == [[4, 2, 1], [2, 4, 3]]


def test_texts_lie_in_a_folder_for_each_class(tmp_path):
    path = folders(tmp_path, {"good/1.txt": "fine", "bad/1.txt": "poor", "good/2.txt": "great"})
    texts = texts_of(path)
    assert (texts.texts, texts.class_names) == (("poor", "fine", "great"), ("bad", "good"))
    assert texts.labels.tolist() == [0, 1, 1]


def test_parts_of_the_datas_own_are_kept(tmp_path):
    content = {f"{part}/{name}/1.txt": f"{part} {name}" for part in ("train", "test") for name in ("good", "bad")}
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    texts = texts_of(tmp_path / "t.zip")
    parts = divide(texts, Split(validation=0))
    assert [texts.texts[row] for row in parts.test] == ["test bad", "test good"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"good/1.txt": "a", "bad/1.txt": ""}, "bad/1.txt has no text"),
        ({"good/1.txt": "a", "bad/1.html": "b"}, "bad/1.html is no .txt file"),
        ({"good/1.txt": "a", "good/2.txt": "b"}, "holds 1.txt, 2.txt: no text to train on"),
        ({"train/good/1.txt": "a", "train/bad/1.txt": "b", "test/odd/1.txt": "c"}, "has no text to train on"),
        ({"good/deep/1.txt": "a", "bad/1.txt": "b"}, "does not lie in the folder of a class"),
    ],
)
def test_an_odd_file_is_named_with_what_to_do(tmp_path, files, says):
    with pytest.raises(InvalidData, match=says) as raised:
        texts_of(folders(tmp_path, files))
    assert raised.value.remedy


def test_the_column_of_texts_is_named_or_known_by_its_name(tmp_path):
    rows = [[str(at), *row] for at, row in enumerate(text_rows())]
    assert texts_of(write_rows(tmp_path, rows, "id,review,label")).texts[0] == rows[0][1]
    assert texts_of(write_rows(tmp_path, rows, "id,body,label"), text="body").texts[0] == rows[0][1]


def test_texts_that_are_in_two_parts_are_reported(tmp_path):
    rows = [*text_rows(), *([text.upper() + " ", label] for text, label in text_rows())]
    texts = texts_of(write_rows(tmp_path, rows, "text,label"))
    (first, *_) = text_findings(texts, divide(texts, Split()))
    assert "are in train, too, word by word" in first


def test_a_digest_tells_texts_apart_that_are_cut_elsewhere(tmp_path):
    rows = [["ab", "x"], ["c", "y"], ["d", "x"], ["e", "y"]]
    other = [["a", "x"], ["bc", "y"], ["d", "x"], ["e", "y"]]
    digests = {texts_of(write_rows(tmp_path, some, "text,label")).digest for some in (rows, other)}
    assert len(digests) == 2
    assert np.all([len(digest) == 64 for digest in digests])


def test_a_text_without_a_word_is_one_unknown_word():
    encoding = fit_text_encoding(["a"], pairs=False, vocabulary=10, length=4)
    assert encode_texts(encoding, [" "]).tolist() == [[1]]
