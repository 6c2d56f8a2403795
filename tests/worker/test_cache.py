"""Uploaded datasets on a worker's disk: fetched once, shared, bounded, and never taken away from a job."""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path

import pytest

from storage import BlobMissing, FolderStore
from worker.cache import DataCache, GaveUp


class CountingStore(FolderStore):
    """A real store that counts what is fetched, and can be told to wait."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.fetched: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def fetch_to(self, digest: str, path: Path) -> None:
        self.fetched.append(digest)
        assert self.gate.wait(20)
        super().fetch_to(digest, path)


@pytest.fixture
def store(tmp_path: Path) -> CountingStore:
    return CountingStore(tmp_path / "store")


@pytest.fixture
def cache(store: CountingStore, tmp_path: Path) -> DataCache:
    return DataCache(tmp_path / "data", store, most_bytes=250)


def put(store: CountingStore, number: int) -> str:
    return store.put_file(io.BytesIO(bytes([number]) * 100)).digest


def kept(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "data").iterdir()}


def test_a_second_job_finds_what_a_first_one_fetched_and_cannot_write_it(store, cache):
    digest = put(store, 1)
    for _ in range(2):
        with cache.use(digest, 100) as path:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
            assert path.stat().st_mode & 0o222 == 0
    assert store.fetched == [digest]


def test_two_that_need_it_at_once_fetch_it_once(store, cache):
    digest = put(store, 1)
    store.gate.clear()
    seen: list[bytes] = []

    def read() -> None:
        with cache.use(digest, 100) as path:
            seen.append(path.read_bytes())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    store.gate.set()
    for thread in threads:
        thread.join()
    assert seen == [bytes([1]) * 100] * 4
    assert store.fetched == [digest]


def test_the_least_recently_used_goes_when_room_is_needed(store, cache, tmp_path):
    first, second, third = (put(store, number) for number in (1, 2, 3))
    for digest in (first, second, first, third):
        with cache.use(digest, 100):
            pass
    assert kept(tmp_path) == {first, third}
    with cache.use(second, 100) as path:
        assert path.exists()
    assert store.fetched == [first, second, third, second]


def test_what_a_job_reads_stays_beyond_the_bound_and_goes_after_it(store, cache, tmp_path):
    digests = [put(store, number) for number in (1, 2, 3)]
    with cache.use(digests[0], 100) as first, cache.use(digests[1], 100), cache.use(digests[2], 100):
        assert first.exists()
        assert kept(tmp_path) == set(digests)
    assert kept(tmp_path) == {digests[0], digests[1]}  # the last one in was the first one out of use


def test_a_file_larger_than_the_bound_is_used_and_not_kept(store, tmp_path):
    cache = DataCache(tmp_path / "data", store, most_bytes=0)
    digest = put(store, 1)
    with cache.use(digest, 100) as path:
        assert path.exists()
    assert kept(tmp_path) == set()


def test_after_a_fetch_that_failed_the_next_one_tries_again(store, cache):
    digest = hashlib.sha256(bytes([7]) * 100).hexdigest()
    with pytest.raises(BlobMissing), cache.use(digest, 100):
        pass
    assert put(store, 7) == digest
    with cache.use(digest, 100) as path:
        assert path.read_bytes() == bytes([7]) * 100


# --- what is made here ---


def never() -> bool:
    return False


def fill(path: Path) -> int:
    path.mkdir()
    (path / "content").write_bytes(bytes(120))
    return 120


def test_a_folder_is_made_once_and_goes_when_room_is_needed(store, cache, tmp_path):
    made: list[Path] = []
    for _ in range(2):
        with cache.use_made("decoded-a", lambda path: made.append(path) or fill(path), gives_up=never) as folder:
            assert (folder / "content").exists()
    assert made == [tmp_path / "data" / "decoded-a"]
    for number in (1, 2):
        with cache.use(put(store, number), 100):
            pass
    assert not (tmp_path / "data" / "decoded-a").exists()


def test_what_could_not_be_made_is_tried_again_by_the_next_one(cache):
    def fail(path: Path) -> int:
        raise ValueError("no data")

    with pytest.raises(ValueError, match="no data"), cache.use_made("decoded-a", fail, gives_up=never):
        pass
    with cache.use_made("decoded-a", fill, gives_up=never) as folder:
        assert folder.is_dir()


def test_who_waits_for_another_ones_work_may_be_told_to_stop(cache):
    started, finish = threading.Event(), threading.Event()

    def slowly(path: Path) -> int:
        started.set()
        assert finish.wait(20)
        return fill(path)

    def make() -> None:
        with cache.use_made("decoded-a", slowly, gives_up=never):
            pass

    thread = threading.Thread(target=make)
    thread.start()
    assert started.wait(20)
    with pytest.raises(GaveUp), cache.use_made("decoded-a", fill, gives_up=lambda: True):
        pass
    finish.set()
    thread.join()
    with cache.use_made("decoded-a", slowly, gives_up=never) as folder:
        assert folder.is_dir()
