"""Addresses of stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import BucketStore, FolderStore, StoreError, open_store


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_path_and_a_file_url_name_the_same_folder(tmp_path: Path, form: str) -> None:
    store = open_store(form.format(tmp_path / "store"))

    assert isinstance(store, FolderStore)
    assert store.root == tmp_path / "store"


def test_a_relative_path_is_taken_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    store = open_store(".trainshed/store")

    assert isinstance(store, FolderStore)
    assert store.root == tmp_path / ".trainshed" / "store"


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "memory:///"])
def test_buckets_are_opened_by_url(url: str) -> None:
    assert isinstance(open_store(url), BucketStore)


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StoreError, match=r"ftp://.*s3"):
        open_store("ftp://host/path")
