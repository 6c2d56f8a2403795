"""Tables that say themselves what is held out: by a column, or by files of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ml.data import divide, load_dataset
from ml.data.split import divide_evenly
from ml.errors import InvalidData
from ml.tables import load_quantities, load_table
from ml.texts import load_texts
from trainshed.specs import Columns, Data, Split

ROWS = [f"{number},{number * number % 13},{'ab'[number % 2]}" for number in range(60)]
PARTS = ["test" if number % 6 == 0 else "Valid" if number % 6 == 1 else "train" for number in range(60)]
SPLIT = Split(validation=0.4, test=0.4)


def write(path: Path, rows: list[str], names: str = "n,m,label") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([names, *rows]) + "\n")
    return path


def with_column(folder: Path, names: str = "n,m,label,split") -> Path:
    return write(folder / "data.csv", [f"{row},{part}" for row, part in zip(ROWS, PARTS, strict=True)], names)


def with_files(folder: Path) -> Path:
    for name, part in (("test", "test"), ("validation-1", "Valid"), ("my_train", "train")):
        rows = [row for row, of in zip(ROWS, PARTS, strict=True) if of == part]
        write(folder / "set" / f"{name}.csv", rows)
    (folder / "set" / "README.md").write_text("about")
    return folder / "set"


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder / "packed"), "zip", with_files(folder)))


def tarred(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder / "packed"), "gztar", with_files(folder)))


def data(path: Path, **columns: object) -> Data:
    return Data(path=str(path), columns=Columns.model_validate(columns))


@pytest.mark.parametrize("make", [with_column, with_files, zipped, tarred])
def test_the_parts_of_the_data_are_kept_and_only_what_is_left_is_divided(tmp_path, make):
    table = load_table(data(make(tmp_path)), roots=(tmp_path,), files={})
    assert [column.name for column in table.columns] == ["n", "m"]
    assert table.label == "label"
    parts = divide(table, SPLIT)
    numbers = table.as_matrix()[:, 0]
    assert {int(number) % 6 for number in numbers[parts.test]} == {0}
    assert {int(number) % 6 for number in numbers[parts.validation]} == {1}
    assert sorted(numbers[parts.train]) == [number for number in range(60) if number % 6 > 1]


def test_a_share_is_drawn_of_what_the_data_does_not_hold_out(tmp_path):
    rows = [f"{row},{'test' if part == 'test' else 'train'}" for row, part in zip(ROWS, PARTS, strict=True)]
    path = write(tmp_path / "data.csv", rows, "n,m,label,split")
    table = load_quantities(data(path, label="m"), roots=(tmp_path,), files={})
    parts = divide_evenly(len(table.quantities), Split(validation=0.2, test=0.5), table)
    assert parts.counts == {"train": 40, "validation": 10, "test": 10}
    assert table.file_rows is not None
    assert all(row % 6 == 0 for row in table.file_rows[parts.test])
    assert not set(parts.validation) & set(parts.test)


def test_other_parts_are_other_data(tmp_path):
    tables = []
    for parts in (PARTS, PARTS[::-1], ["train"] * 60):
        path = write(tmp_path / "d.csv", [f"{r},{p}" for r, p in zip(ROWS, parts, strict=True)], "n,m,label,split")
        tables.append(load_table(data(path), roots=(tmp_path,), files={}))
    assert len({table.digest for table in tables}) == 3


def test_a_column_that_is_called_split_and_says_other_things_is_a_column(tmp_path):
    path = write(tmp_path / "data.csv", [f"{number % 3},{row}" for number, row in enumerate(ROWS)], "split,n,m,label")
    table = load_table(data(path), roots=(tmp_path,), files={})
    assert [column.name for column in table.columns] == ["split", "n", "m"]
    assert table.held_out_from is None


def test_another_column_can_be_named(tmp_path):
    table = load_table(data(with_column(tmp_path, "n,m,label,fold"), split="fold", label="label"),
                       roots=(tmp_path,), files={})  # fmt: skip
    assert (table.own_validation_from, table.own_test_from) == (40, 50)
    with pytest.raises(InvalidData, match="m of row 0 is '0'"):
        load_table(data(with_column(tmp_path), split="m"), roots=(tmp_path,), files={})


def test_nothing_to_train_on_is_refused(tmp_path):
    path = write(tmp_path / "data.csv", [f"{row},test" for row in ROWS], "n,m,label,split")
    with pytest.raises(InvalidData, match="split says train in no row"):
        load_table(data(path), roots=(tmp_path,), files={})


def test_texts_hold_out_what_their_column_says(tmp_path):
    rows = [f"word{number} text,{'ab'[number % 2]},{part}" for number, part in enumerate(PARTS)]
    texts = load_texts(data(write(tmp_path / "t.csv", rows, "text,label,split")), roots=(tmp_path,), files={})
    parts = divide(texts, SPLIT)
    assert [texts.texts[row] for row in parts.test] == [f"word{number} text" for number in range(0, 60, 6)]


def test_pixels_in_files_of_their_own_are_the_parts_of_the_images(tmp_path):
    for name, count in (("mnist_train.csv", 20), ("mnist_test.csv", 8)):
        write(tmp_path / "m" / name, [f"{number % 2},{number},1,2,3" for number in range(count)], "label,a,b,c,d")
    dataset = load_dataset(Data(path=str(tmp_path / "m")), roots=(tmp_path,))
    assert (len(dataset.labels), dataset.own_test_from) == (28, 20)
    assert dataset.images.shape[1:] == (2, 2, 1)
    np.testing.assert_array_equal(dataset.images[20:, 0, 0, 0], np.arange(8))


def write_in_other_order(folder: Path) -> None:
    write(folder / "a.csv", ROWS[:30])
    swapped = [",".join([row.split(",")[2], *row.split(",")[:2]]) for row in ROWS[30:]]
    write(folder / "b.csv", swapped, "label,n,m")


def test_files_without_parts_are_one_table_whatever_the_order_of_their_columns(tmp_path):
    write_in_other_order(tmp_path / "set")
    table = load_table(data(tmp_path / "set"), roots=(tmp_path,), files={})
    assert table.as_matrix()[:, 0].tolist() == list(range(60))
    assert table.format == "tables"
    assert table.held_out_from is None


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "a column too few": (
        lambda folder: (write(folder / "train.csv", ROWS), write(folder / "test.csv", ["1,2"], "n,m")),
        "test.csv has no column 'label', which",
    ),
    "a column too many": (
        lambda folder: (write(folder / "a.csv", ROWS), write(folder / "b.csv", ["1,2,a,4"], "n,m,label,o")),
        "a.csv has no column 'o', which",
    ),
    "a file of no part": (
        lambda folder: (write(folder / "train.csv", ROWS), write(folder / "more.csv", ROWS)),
        "more.csv says not to which part it belongs",
    ),
    "a picture in disguise": (
        lambda folder: (write(folder / "a.csv", ROWS), (folder / "b.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))),
        "b.csv looks like a PNG picture",
    ),
    "rows too short": (
        lambda folder: (write(folder / "a.csv", ROWS), write(folder / "b.csv", ["1,2"])),
        "row 60 has 2 fields",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_make_no_table_are_named(tmp_path, case):
    make, says = BROKEN[case]
    make(tmp_path / "set")
    with pytest.raises(InvalidData, match=says):
        load_table(data(tmp_path / "set"), roots=(tmp_path,), files={})
