"""What a hostile job leaves in its output folder is taken in only where it is a plain file of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage import Store, open_store
from worker.collect import collect


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    folder.mkdir()
    return folder


def test_plain_files_are_stored_with_path_size_digest_and_type(store: Store, output: Path) -> None:
    (output / "deep").mkdir()
    (output / "deep" / "report.json").write_bytes(b"{}")
    (output / "empty").touch()
    collected = collect(output, store)
    assert [(file.path, file.size, file.media_type) for file in collected.files] == [
        ("deep/report.json", 2, "application/json"),
        ("empty", 0, "application/octet-stream"),
    ]
    assert b"".join(store.open(collected.files[0].sha256)) == b"{}"
    assert collected.left_out == ()


def test_links_fifos_and_second_names_are_left_out_and_named(store: Store, output: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (output / "soft").symlink_to(secret)
    (output / "folder").symlink_to(tmp_path)
    os.link(secret, output / "hard")
    os.mkfifo(output / "fifo")
    collected = collect(output, store)
    assert collected.files == ()
    assert sorted(line.split(":")[0] for line in collected.left_out) == ["fifo", "folder", "hard", "soft"]


@pytest.mark.parametrize("name", ["new\nline", "back\\slash", "bell\a", "\udcff"])
def test_names_that_could_harm_a_reader_are_left_out(store: Store, output: Path, name: str) -> None:
    (output / name).write_text("x")
    collected = collect(output, store)
    assert collected.files == ()
    assert len(collected.left_out) == 1


def test_a_folder_too_deep_is_left_out(store: Store, output: Path) -> None:
    folder = output.joinpath(*["d"] * 40)
    folder.mkdir(parents=True)
    (folder / "file").touch()
    assert collect(output, store).files == ()
