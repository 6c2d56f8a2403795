"""GET /api/v1/jobs/{id}/artifacts.zip: all files of a job, made while it is sent."""

from __future__ import annotations

import io
import tracemalloc
import warnings
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import httpx2
import pytest

from api.operations.present import moment
from api.operations.zips import zip_files
from api.settings import ApiSettings
from db import blobs, reports
from db.engine import Database
from db.reports import MadeFile
from storage import BlobMissing, BlobRef, open_store
from tests.api.conftest import Api, assert_problem
from tests.api.process import ApiProcess
from tests.factories import claim
from tests.servers import ValkeyServer
from trainshed import wire
from trainshed.ids import new_id

FILES = {
    "model.keras": bytes(range(256)) * 5_000,
    "plots/loss.png": b"loss",
    "plots/empty": b"",
    "plots.txt": b"no folder",
    "ä/ö": b"umlauts",
}


def store(database: Database, store_url: str, files: dict[str, bytes]) -> None:
    """Let the next job make these files."""
    opened = open_store(store_url)
    made = [(path, opened.put_file(io.BytesIO(content))) for path, content in files.items()]
    with database.begin() as conn:
        for _, blob in sorted(made, key=lambda one: one[1].digest):
            assert blobs.touch(conn, blob.digest, blob.size)
        lease = claim(conn).lease
        reports.add_artifacts(conn, lease, [MadeFile(path, blob.digest, blob.size, "x/y") for path, blob in made])


@pytest.fixture
def job_id(api: Api, database: Database, settings: ApiSettings) -> str:
    made = api.submit()
    store(database, settings.store_url, FILES)
    return made


def unzip(content: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {ZIP_STORED}
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_has_all_files_in_order_and_is_the_same_each_time(api: Api, job_id: str) -> None:
    answer = api.get(f"/jobs/{job_id}/artifacts.zip")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{job_id}.zip"')
    assert list(unzip(answer.content).items()) == sorted(FILES.items())
    assert api.get(f"/jobs/{job_id}/artifacts.zip").content == answer.content


def test_a_prefix_chooses_a_folder_in_the_zip_and_in_the_list(api: Api, job_id: str) -> None:
    for prefix, expected in [("plots/", 2), ("plots", 3), ("", 5), ("ä", 1)]:
        chosen = {path: content for path, content in FILES.items() if path.startswith(prefix)}
        assert len(chosen) == expected
        assert unzip(api.get(f"/jobs/{job_id}/artifacts.zip", params={"prefix": prefix}).content) == chosen
        listed = api.get(f"/jobs/{job_id}/artifacts", params={"prefix": prefix}).json()["items"]
        assert {item["path"] for item in listed} == set(chosen)


def test_a_zip_of_nothing_is_not_found(api: Api, job_id: str) -> None:
    for prefix in ("nothing", "%", "_odel"):
        assert_problem(api.get(f"/jobs/{job_id}/artifacts.zip", params={"prefix": prefix}), 404, "not_found")
        assert api.get(f"/jobs/{job_id}/artifacts", params={"prefix": prefix}).json()["items"] == []
    assert_problem(api.get(f"/jobs/{job_id}/artifacts.zip", as_="other"), 404, "not_found")
    assert_problem(api.get(f"/jobs/{new_id('job')}/artifacts.zip"), 404, "not_found")
    assert_problem(api.get(f"/jobs/{job_id}/artifacts.zip", params={"prefix": "\0"}), 422, "request_invalid")


def test_a_blob_that_is_gone_is_an_error_when_it_is_the_first(api: Api, job_id: str, settings: ApiSettings) -> None:
    for path in Path(settings.store_url).rglob("*"):
        if path.is_file():
            path.unlink()
    assert_problem(api.get(f"/jobs/{job_id}/artifacts.zip"), 500, "internal")


# --- on the wire ---


@pytest.fixture
def server(tmp_path: Path, database_url: str, valkey: ValkeyServer) -> Iterator[ApiProcess]:
    started = ApiProcess(tmp_path, database_url=database_url, broker_url=valkey.url)
    yield started
    started.stop()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_zip_with_a_damaged_file_breaks_off_for_the_client_to_see(
    server: ApiProcess, database: Database, tmp_path: Path
) -> None:
    job_id = server.http.post("/jobs", json={"kind": "command", "name": "x", "command": ["true"]}).json()["id"]
    files = {"a": b"a" * 3_000_000, "b": b"b" * 3_000_000}
    store(database, str(tmp_path / "store"), files)
    with database.read() as conn:
        digest = conn.exec_driver_sql("SELECT sha256 FROM artifact WHERE path = 'b'").scalar_one()
    (damaged,) = (path for path in (tmp_path / "store").rglob("*") if path.name == digest[2:])
    damaged.chmod(0o600)
    damaged.write_bytes(files["b"][:-1] + b"x")
    received = []
    with server.http.stream("GET", f"/jobs/{job_id}/artifacts.zip") as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            received.extend(answer.iter_bytes())
    assert sum(map(len, received)) < sum(map(len, files.values()))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_client_that_goes_away_in_the_middle_ends_the_zip(
    server: ApiProcess, database: Database, tmp_path: Path
) -> None:
    job_id = server.http.post("/jobs", json={"kind": "command", "name": "x", "command": ["true"]}).json()["id"]
    store(database, str(tmp_path / "store"), {f"{number:03}": bytes([number]) * 2_000_000 for number in range(30)})
    before = server.peak_memory()
    for _ in range(12):  # more than there are threads for the store
        with server.http.stream("GET", f"/jobs/{job_id}/artifacts.zip") as answer:
            next(answer.iter_bytes())
    assert unzip(server.http.get(f"/jobs/{job_id}/artifacts.zip", params={"prefix": "001"}).content)
    assert server.peak_memory() - before < 48 * 2**20
    assert "Traceback" not in server.log.read_text()


# --- the zip itself ---


class Memory:
    """A store of blobs that are made up as they are read; the digest says of what and how long."""

    def open(self, digest: str) -> Iterator[bytes]:
        letter, _, size = digest.partition(":")
        if letter == "gone":
            raise BlobMissing("It is gone.")
        block = letter.encode() * (1 << 20)
        for left in range(int(size), 0, -len(block)):
            yield block[:left]


def file(path: str, content: str, size: int) -> wire.Artifact:
    return wire.Artifact(
        path=path,
        size=size,
        sha256=BlobRef(f"{content}:{size}", size).digest,
        media_type="x/y",
        attempt=1,
        created_at=moment(0),
    )


def zipped(*files: wire.Artifact) -> Iterator[bytes]:
    return zip_files(Memory(), files)  # type: ignore[arg-type]


def test_names_lead_nowhere_else_and_to_no_other_file() -> None:
    paths = ["../../etc/passwd", "/etc/passwd", "a\\b", "a_b", "a//b", "./c", "x\ny", ".."]
    content = b"".join(zipped(*(file(path, str(number), 1) for number, path in enumerate(paths))))
    names = list(unzip(content))
    assert len(set(names)) == len(paths)
    for name in names:
        assert not name.startswith("/")
        assert not {"", ".", ".."} & set(name.split("/"))
        assert "\\" not in name
        assert name.isprintable()


def test_a_zip_is_made_in_little_memory() -> None:
    tracemalloc.start()
    size = 0
    for chunk in zipped(*(file(f"{number}", "a", 40 << 20) for number in range(3))):
        assert 0 < len(chunk) <= 3 << 20
        size += len(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 120 << 20
    assert peak < 12 << 20


def test_many_small_files_do_not_take_a_chunk_each() -> None:
    chunks = list(zipped(*(file(f"{number:05}", "a", 10) for number in range(3_000))))
    assert len(chunks) < 10
    assert len(unzip(b"".join(chunks))) == 3_000


def test_a_large_file_takes_the_form_for_large_files() -> None:
    """Its sizes follow it in 8 bytes each. The bytes of 5 GB are not sent for that: the header says it."""
    stream = zipped(file("large", "a", 5 << 30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        head = next(stream)
        stream.close()  # type: ignore[attr-defined]
    assert int.from_bytes(head[4:6], "little") == 45  # version 4.5 is needed to extract: zip64


def test_a_file_that_is_gone_ends_the_zip_before_its_directory() -> None:
    received = []
    with pytest.raises(BlobMissing):
        received.extend(zipped(file("a", "a", 1 << 20), file("b", "gone", 1)))
    assert b"PK\x05\x06" not in b"".join(received)
