"""What the local folder promises beyond the contract: durability, space, permissions, and no litter."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import FolderStore, StoreFull, StoreUnavailable
from storage.blobs import key_of


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small tmpfs here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_reported_and_leaves_nothing(tiny_disk: Path) -> None:
    store = FolderStore(tiny_disk / "store")

    with pytest.raises(StoreFull, match="No space left"):
        store.put_file(io.BytesIO(bytes(1 << 20)))

    assert [path for path in tiny_disk.rglob("*") if path.is_file()] == []
    assert store.put_file(io.BytesIO(b"small")).size == 5


def test_a_full_disk_of_the_reader_is_reported_and_leaves_nothing(store: FolderStore, tiny_disk: Path) -> None:
    blob = store.put_file(io.BytesIO(bytes(1 << 20)))

    with pytest.raises(StoreFull, match="No space left"):
        store.fetch_to(blob.digest, tiny_disk / "file")

    assert list(tiny_disk.iterdir()) == []


def test_bytes_and_names_reach_the_disk_before_put_returns(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_fsync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        steps.append("rename")
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    store.put_file(io.BytesIO(b"durable"))

    rename = steps.index("rename")
    assert "file" in steps[:rename]
    assert steps[rename + 1 :] == ["folder"]


def test_blobs_are_read_only_files(store: FolderStore) -> None:
    blob = store.put_file(io.BytesIO(b"content"))

    mode = (store.root / key_of(blob.digest)).stat().st_mode
    assert mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IRWXO) == 0


def test_storing_again_repairs_a_damaged_blob_of_the_same_size(store: FolderStore) -> None:
    blob = store.put_file(io.BytesIO(b"good"))
    path = store.root / key_of(blob.digest)
    path.chmod(0o600)
    path.write_bytes(b"evil")

    store.put_file(io.BytesIO(b"good"))

    assert b"".join(store.open(blob.digest)) == b"good"


def test_a_reader_is_not_disturbed_by_a_delete(store: FolderStore) -> None:
    content = os.urandom(3 << 20)
    blob = store.put_file(io.BytesIO(content))
    chunks = store.open(blob.digest)
    first = next(chunks)

    store.delete(blob.digest)

    assert first + b"".join(chunks) == content


def test_what_a_killed_process_left_behind_is_discarded_once_it_is_old(store: FolderStore) -> None:
    incoming = store.root / "incoming"
    incoming.mkdir(parents=True)
    for name, age in (("old.part", 100.0), ("fresh.part", 300.0)):
        (incoming / name).write_bytes(b"half")
        os.utime(incoming / name, (age, age))

    assert store.discard_abandoned(before=200.0) == 1
    assert [path.name for path in incoming.iterdir()] == ["fresh.part"]


def test_a_store_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreUnavailable, match="File exists"):
        FolderStore(tmp_path / "file" / "store").put_file(io.BytesIO(b"content"))
