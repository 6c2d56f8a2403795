"""What every store promises (`storage.Store`)."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import BlobCorrupt, BlobMissing, BlobRef, Store
from storage.blobs import CHUNK_BYTES
from tests.storage.conftest import StoreUnderTest
from trainshed.errors import RangeNotSatisfiable

ABSENT = "0" * 64
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 6 * CHUNK_BYTES + 7]


def content_of(size: int) -> bytes:
    return os.urandom(size)


def put(store: Store, content: bytes) -> str:
    return store.put_file(io.BytesIO(content)).digest


@pytest.mark.parametrize("size", SIZES)
def test_what_was_stored_is_read_back(store: Store, size: int) -> None:
    content = content_of(size)

    blob = store.put_file(io.BytesIO(content))

    assert blob == BlobRef(hashlib.sha256(content).hexdigest(), size)
    assert b"".join(store.open(blob.digest)) == content
    assert store.size(blob.digest) == size


def test_a_file_is_stored_by_its_path(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"weights")

    blob = store.put_file(tmp_path / "model.keras")

    assert b"".join(store.open(blob.digest)) == b"weights"


def test_an_open_file_is_stored_from_its_present_position(store: Store) -> None:
    file = io.BytesIO(b"headerbody")
    file.seek(6)

    assert b"".join(store.open(store.put_file(file).digest)) == b"body"


def test_a_pipe_can_be_stored(store: Store) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, b"through a pipe")
    os.close(write_end)

    with os.fdopen(read_end, "rb") as pipe:
        blob = store.put_file(pipe)

    assert b"".join(store.open(blob.digest)) == b"through a pipe"


def test_a_source_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.bin"):
        store.put_file(tmp_path / "absent.bin")


def test_storing_the_same_bytes_twice_keeps_one_blob(under_test: StoreUnderTest) -> None:
    first = put(under_test.store, b"same")
    second = put(under_test.store, b"same")

    assert first == second
    assert len(under_test.list_keys()) == 1


def test_storing_again_repairs_a_blob_that_was_cut_short(under_test: StoreUnderTest) -> None:
    digest = put(under_test.store, b"whole content")
    under_test.overwrite(digest, b"whole")

    put(under_test.store, b"whole content")

    assert b"".join(under_test.store.open(digest)) == b"whole content"


class BrokenSource(io.RawIOBase):
    """Gives one chunk and looks at the store, then fails."""

    def __init__(self, under_test: StoreUnderTest) -> None:
        self._under_test = under_test
        self._reads = 0
        self.seen: list[str] = []

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self._reads += 1
        if self._reads > 8:
            self.seen = [key for key in self._under_test.list_keys() if key.startswith("blobs/")]
            raise RuntimeError("the upload broke off")
        return b"x" * CHUNK_BYTES


def test_an_upload_that_breaks_off_leaves_nothing(under_test: StoreUnderTest) -> None:
    source = BrokenSource(under_test)

    with pytest.raises(Exception, match="broke off"):
        under_test.store.put_file(source)  # type: ignore[arg-type]

    assert source.seen == []
    assert under_test.list_keys() == []


def test_keys_fan_out_by_digest(under_test: StoreUnderTest) -> None:
    digest = put(under_test.store, b"content")

    assert under_test.list_keys() == [f"blobs/sha256/{digest[:2]}/{digest[2:]}"]


def test_damage_is_reported_in_place_of_the_last_chunk(under_test: StoreUnderTest) -> None:
    content = content_of(3 * CHUNK_BYTES)
    digest = put(under_test.store, content)
    under_test.overwrite(digest, content[:-1] + bytes([content[-1] ^ 1]))
    received = bytearray()

    with pytest.raises(BlobCorrupt, match=digest):
        _read_into(received, under_test.store.open(digest))

    assert len(received) < len(content)


def _read_into(received: bytearray, chunks: Iterator[bytes]) -> None:
    for chunk in chunks:
        received += chunk


def test_a_small_damaged_blob_gives_no_byte_at_all(under_test: StoreUnderTest) -> None:
    digest = put(under_test.store, b"good")
    under_test.overwrite(digest, b"evil")

    with pytest.raises(BlobCorrupt):
        next(under_test.store.open(digest))


def test_fetching_makes_folders_and_a_verified_file(store: Store, tmp_path: Path) -> None:
    content = content_of(CHUNK_BYTES + 1)
    digest = put(store, content)

    store.fetch_to(digest, tmp_path / "inputs" / "model" / "weights.bin")

    assert (tmp_path / "inputs" / "model" / "weights.bin").read_bytes() == content


def test_fetching_a_damaged_blob_leaves_no_file(under_test: StoreUnderTest, tmp_path: Path) -> None:
    digest = put(under_test.store, b"good")
    under_test.overwrite(digest, b"evil")

    with pytest.raises(BlobCorrupt):
        under_test.store.fetch_to(digest, tmp_path / "target" / "file")

    assert list((tmp_path / "target").iterdir()) == []


def test_fetching_replaces_a_file_only_by_a_whole_one(under_test: StoreUnderTest, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"older")
    digest = put(under_test.store, b"good")
    under_test.overwrite(digest, b"evil")

    with pytest.raises(BlobCorrupt):
        under_test.store.fetch_to(digest, tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == b"older"


@pytest.mark.parametrize(
    ("start", "length", "expected"), [(0, 3, b"012"), (4, 2, b"45"), (8, 100, b"89"), (9, 1, b"9"), (3, 0, b"")]
)
def test_a_range_is_cut_at_the_end(store: Store, start: int, length: int, expected: bytes) -> None:
    digest = put(store, b"0123456789")

    assert b"".join(store.read_range(digest, start, length)) == expected


@pytest.mark.parametrize("start", [10, 11, -1])
def test_a_range_outside_is_refused_with_the_size(store: Store, start: int) -> None:
    digest = put(store, b"0123456789")

    with pytest.raises(RangeNotSatisfiable) as caught:
        store.read_range(digest, start, 1)

    assert caught.value.facts == {"size": 10}


def test_a_missing_blob_is_reported_before_any_byte(store: Store, tmp_path: Path) -> None:
    assert not store.exists(ABSENT)
    with pytest.raises(BlobMissing):
        store.open(ABSENT)
    with pytest.raises(BlobMissing):
        store.size(ABSENT)
    with pytest.raises(BlobMissing):
        store.read_range(ABSENT, 0, 1)
    with pytest.raises(BlobMissing):
        store.fetch_to(ABSENT, tmp_path / "file")


def test_a_deleted_blob_is_gone_and_deleting_again_is_no_error(store: Store) -> None:
    digest = put(store, b"content")
    assert store.exists(digest)

    store.delete(digest)
    store.delete(digest)

    assert not store.exists(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", f"sha256:{ABSENT}"])
def test_what_is_no_digest_never_becomes_a_path(store: Store, digest: str) -> None:
    for method in (store.open, store.size, store.exists, store.delete):
        with pytest.raises(ValueError, match="no SHA-256 digest"):
            method(digest)


def test_a_scan_shows_all_blobs_of_a_prefix_with_size_and_time(store: Store) -> None:
    before = time.time() - 2.0
    sizes = {put(store, content): len(content) for content in (b"%d" % number for number in range(600))}
    prefix = min(sizes)[:2]

    found = list(store.scan(prefix))

    assert {blob.digest: blob.size for blob in found} == {
        digest: size for digest, size in sizes.items() if digest.startswith(prefix)
    }
    assert all(before <= blob.modified_at <= time.time() + 2.0 for blob in found)


def test_a_scan_of_nothing_is_empty(store: Store) -> None:
    assert list(store.scan("00")) == []


def test_a_scan_passes_over_what_is_no_blob(under_test: StoreUnderTest) -> None:
    digest = put(under_test.store, b"content")
    under_test.litter(f"blobs/sha256/{digest[:2]}/README")
    under_test.litter(f"blobs/sha256/{digest[:2]}/{digest[2:]}.part")

    assert [blob.digest for blob in under_test.store.scan(digest[:2])] == [digest]


@pytest.mark.parametrize("prefix", ["", "0", "000", "..", "AB", "a/"])
def test_a_scan_leads_nowhere_but_to_blobs(store: Store, prefix: str) -> None:
    with pytest.raises(ValueError, match="two lower-case hex digits"):
        list(store.scan(prefix))


def test_many_threads_may_store_the_same_bytes(under_test: StoreUnderTest) -> None:
    content = content_of(CHUNK_BYTES)
    threads = [threading.Thread(target=put, args=(under_test.store, content)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    digest = hashlib.sha256(content).hexdigest()
    assert under_test.list_keys() == [f"blobs/sha256/{digest[:2]}/{digest[2:]}"]
    assert b"".join(under_test.store.open(digest)) == content
