"""Datasets: versions by name and number, and uploads that may be interrupted."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.documents import NOW, dataset, version
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json, problem
from trainshed import Client
from trainshed.errors import DigestMismatch, Forbidden, InvalidRequest, NotFound, UnexpectedAnswer

FACES = "/api/v1/datasets/faces"
UPLOADS = f"{FACES}/uploads"
UPLOAD = "/api/v1/uploads/upl_1"
COMPLETE = f"{UPLOAD}/complete"
PART = 4 << 20
CONTENT = bytes(range(256)) * 40_000  # two parts of 4 MiB and a smaller one


@pytest.fixture
def client(
    server: ScriptedServer, clock: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Client(server.url, "trs_key", patience=clock.patience()) as made:
        yield made


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "faces.npz"
    path.write_bytes(CONTENT)
    return path


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def upload(*parts: int, upload_id: str = "upl_1") -> dict[str, Any]:
    return {
        "id": upload_id,
        "dataset": "faces",
        "filename": "faces.npz",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "part_size": PART,
        "part_count": 3,
        "parts": list(parts),
        "missing": 3 - len(parts),
        "created_at": NOW,
        "expires_at": NOW,
    }


def takes_parts(server: ScriptedServer, *numbers: int) -> None:
    for number in numbers:
        server.on("PUT", f"{UPLOAD}/parts/{number}", as_json(upload(number)))


def sent(server: ScriptedServer) -> list[str]:
    """The requests, without those that ask."""
    return [f"{asked.method} {asked.path.removeprefix('/api/v1')}" for asked in server.asked if asked.method != "GET"]


def test_datasets_are_listed_to_the_last_page(server: ScriptedServer, client: Client) -> None:
    one = dataset(version())
    server.on(
        "GET",
        "/api/v1/datasets",
        as_json({"items": [one], "next_cursor": "c1"}),
        as_json({"items": [], "next_cursor": "c2"}),
        as_json({"items": [one], "next_cursor": None}),
    )

    assert [each.latest.ref for each in client.datasets() if each.latest] == ["faces@1"] * 2


def test_a_version_is_found_by_number_or_as_the_newest(server: ScriptedServer, client: Client) -> None:
    server.on("GET", f"{FACES}/versions/1", as_json(version(1)))
    server.on("GET", FACES, as_json(dataset(version(2), version(1))))

    assert client.dataset_version("faces@1").version == 1
    assert client.dataset_version("faces").version == 2
    assert [each.version for each in client.dataset("faces").versions] == [2, 1]
    assert len(server.asked) == 3


def test_a_dataset_without_a_version_has_no_newest(server: ScriptedServer, client: Client) -> None:
    server.on("GET", FACES, as_json(dataset()))

    with pytest.raises(NotFound, match="no version"):
        client.dataset_version("faces")


@pytest.mark.parametrize("name", ["", "..", "a/b", "Faces", "faces?x", "x" * 64])
def test_what_is_no_name_never_becomes_an_address(
    server: ScriptedServer, client: Client, tmp_path: Path, name: str
) -> None:
    with pytest.raises(NotFound, match="no name"):
        client.dataset(name)
    with pytest.raises(InvalidRequest, match="cannot name"):
        client.upload_dataset(name, tmp_path / "not looked at")

    assert server.asked == []


@pytest.mark.parametrize("ref", ["faces@", "faces@0", "faces@x", "faces@1@2", "@1", "faces@-1", "faces@٣"])
def test_what_names_no_version_is_refused(server: ScriptedServer, client: Client, ref: str) -> None:
    with pytest.raises((InvalidRequest, NotFound)):
        client.dataset_version(ref)

    assert server.asked == []


# --- upload ---


def test_a_small_file_goes_in_one_request_that_may_be_repeated(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "faces é.npz").write_bytes(b"faces")
    server.on("PUT", FACES, Answer(refused=True), as_json(version(), 201))
    told: list[tuple[int, int]] = []

    made = client.upload_dataset("faces", tmp_path / "faces é.npz", progress=lambda *done: told.append(done))

    assert made.ref == "faces@1"
    assert [asked.body for asked in server.asked] == [b"faces", b"faces"]
    assert server.asked[0].query == {"filename": ["faces é.npz"]}
    assert server.asked[0].headers["content-digest"] == digest(b"faces")
    assert told == [(0, 5), (5, 5)]


def test_an_empty_file_goes_in_one_request(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    server.on("PUT", FACES, as_json(version(), 201))

    client.upload_dataset("faces", tmp_path / "empty.csv", profile=False)

    assert (server.asked[0].body, server.asked[0].query) == (b"", {"filename": ["empty.csv"], "profile": ["false"]})


def test_a_large_file_goes_in_parts(server: ScriptedServer, client: Client, large: Path) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(), 201))
    takes_parts(server, 1, 2, 3)
    server.on("POST", COMPLETE, as_json(version(), 201))
    told: list[tuple[int, int]] = []

    made = client.upload_dataset("faces", large, profile=False, progress=lambda *done: told.append(done))

    assert made.ref == "faces@1"
    parts = [asked for asked in server.asked if asked.method == "PUT"]
    assert b"".join(asked.body for asked in parts) == CONTENT
    assert [asked.headers["content-digest"] for asked in parts] == [digest(asked.body) for asked in parts]
    announced = next(asked for asked in server.asked if asked.path == UPLOADS)
    assert json.loads(announced.body) == {
        "filename": "faces.npz",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    assert server.asked[-1].query == {"profile": ["false"]}
    assert [done for done, _ in told] == [0, PART, 2 * PART, len(CONTENT)]
    assert {total for _, total in told} == {len(CONTENT)}


def test_every_step_of_an_upload_may_be_repeated(server: ScriptedServer, client: Client, large: Path) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, Answer(refused=True), as_json(upload(), 201))
    for number in (1, 2, 3):
        server.on("PUT", f"{UPLOAD}/parts/{number}", Answer(503), as_json(upload(number)))
    server.on("POST", COMPLETE, Answer(broken=True), as_json(version()))

    assert client.upload_dataset("faces", large).ref == "faces@1"


def test_an_interrupted_upload_goes_on_where_it_stopped_in_another_process(
    server: ScriptedServer, client: Client, large: Path, clock: FakeTime
) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(), 201))
    takes_parts(server, 1, 3)
    server.on("PUT", f"{UPLOAD}/parts/2", problem(403, "forbidden"), as_json(upload(1, 2)))
    server.on("POST", COMPLETE, as_json(version(), 201))
    with pytest.raises(Forbidden):
        client.upload_dataset("faces", large)
    server.asked.clear()
    server.on("GET", UPLOAD, as_json(upload(1)))
    told: list[int] = []

    with Client(server.url, "trs_key", patience=clock.patience()) as another:
        another.upload_dataset("faces", large, progress=lambda done, _: told.append(done))

    assert sent(server) == ["PUT /uploads/upl_1/parts/2", "PUT /uploads/upl_1/parts/3", "POST /uploads/upl_1/complete"]
    assert told == [PART, 2 * PART, len(CONTENT)]


def test_an_upload_that_the_server_gave_up_begins_anew(server: ScriptedServer, client: Client, large: Path) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(upload_id="upl_0"), 201), as_json(upload(), 201))
    server.on("PUT", "/api/v1/uploads/upl_0/parts/1", problem(404, "not_found"))
    server.on("GET", "/api/v1/uploads/upl_0", problem(404, "not_found"))
    takes_parts(server, 1, 2, 3)
    server.on("POST", COMPLETE, as_json(version(), 201))
    with pytest.raises(NotFound):
        client.upload_dataset("faces", large)

    assert client.upload_dataset("faces", large).ref == "faces@1"


@pytest.mark.parametrize("change", ["other content", "other name", "other dataset", "other server"])
def test_only_the_same_upload_is_taken_up(
    server: ScriptedServer, client: Client, large: Path, tmp_path: Path, change: str
) -> None:
    """What was begun for something else is not even asked for."""
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("GET", "/api/v1/datasets/other", problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(), 201))
    server.on("POST", "/api/v1/datasets/other/uploads", problem(403, "forbidden"))
    server.on("PUT", f"{UPLOAD}/parts/1", problem(403, "forbidden"))
    with pytest.raises(Forbidden):
        client.upload_dataset("faces", large)
    url, name, file = server.url, "faces", large
    match change:
        case "other content":
            large.write_bytes(CONTENT[::-1])
        case "other name":
            file = large.rename(tmp_path / "other.npz")
        case "other dataset":
            name = "other"
        case _:
            url = server.url.replace("127.0.0.1", "localhost")
    server.asked.clear()

    with Client(url, "trs_key") as another, pytest.raises(Forbidden):
        another.upload_dataset(name, file)

    assert sent(server)[0] == f"POST /datasets/{name}/uploads"


def test_a_finished_upload_is_forgotten(server: ScriptedServer, client: Client, large: Path, tmp_path: Path) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(1, 2, 3), 201))
    server.on("POST", COMPLETE, as_json(version(), 201))

    client.upload_dataset("faces", large)
    client.upload_dataset("faces", large)

    assert [path for path in sent(server) if path.endswith("/uploads")] == ["POST /datasets/faces/uploads"] * 2
    assert [*(tmp_path / "state" / "trainshed" / "uploads").iterdir()] == []


def test_bytes_that_changed_on_their_way_are_said_and_not_taken_up_again(
    server: ScriptedServer, client: Client, large: Path
) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(1, 2, 3), 201))
    server.on("POST", COMPLETE, problem(422, "digest_mismatch"), as_json(version(), 201))

    with pytest.raises(DigestMismatch):
        client.upload_dataset("faces", large)
    client.upload_dataset("faces", large)

    assert sent(server).count("POST /datasets/faces/uploads") == 2


def test_a_file_that_becomes_shorter_on_its_way_is_said(server: ScriptedServer, client: Client, large: Path) -> None:
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(), 201))
    takes_parts(server, 1, 2, 3)

    def shorten(done: int, total: int) -> None:
        os.truncate(large, PART + 1)

    with pytest.raises(DigestMismatch, match="shorter"):
        client.upload_dataset("faces", large, progress=shorten)


def test_a_file_that_is_the_newest_version_already_is_not_sent(
    server: ScriptedServer, client: Client, large: Path
) -> None:
    newest = version(7, sha256=hashlib.sha256(CONTENT).hexdigest(), profile_job="job_1")
    server.on("GET", FACES, as_json(dataset(newest)))

    assert client.upload_dataset("faces", large).version == 7
    assert sent(server) == []


@pytest.mark.parametrize("newest", [version(sha256="1" * 64), version(profile_job=None)])
def test_another_newest_version_or_one_without_a_profile_is_no_reason_to_send_nothing(
    server: ScriptedServer, client: Client, large: Path, newest: dict[str, Any]
) -> None:
    newest = {**newest, "sha256": newest["sha256"].replace("0" * 64, hashlib.sha256(CONTENT).hexdigest())}
    server.on("GET", FACES, as_json(dataset(newest)))
    server.on("POST", UPLOADS, as_json(upload(1, 2, 3), 201))
    server.on("POST", COMPLETE, as_json(version(8), 201))

    assert client.upload_dataset("faces", large).version == 8


def test_a_folder_where_nothing_can_be_kept_costs_no_upload(
    server: ScriptedServer, clock: FakeTime, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(1, 2, 3), 201))
    server.on("POST", COMPLETE, as_json(version(), 201))

    with Client(server.url, "trs_key", patience=clock.patience()) as client:
        assert client.upload_dataset("faces", large).ref == "faces@1"


def test_what_was_begun_long_ago_is_not_kept(
    server: ScriptedServer, client: Client, large: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "state" / "trainshed" / "uploads"
    folder.mkdir(parents=True)
    (folder / "old").write_text("upl_0")
    long_ago = time.time() - 100_000
    os.utime(folder / "old", (long_ago, long_ago))
    server.on("GET", FACES, problem(404, "not_found"))
    server.on("POST", UPLOADS, as_json(upload(1, 2, 3), 201))
    server.on("POST", COMPLETE, as_json(version(), 201))

    client.upload_dataset("faces", large)

    assert not (folder / "old").exists()


def test_a_file_that_cannot_be_read_is_named(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        client.upload_dataset("faces", tmp_path / "missing")

    assert server.asked == []


# --- a folder ---


def test_a_folder_is_sent_as_a_zip_of_its_files_with_the_same_bytes_each_time(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    for place in ("here", "there"):
        folder = tmp_path / place / "faces"
        for name in ("b/2.png", "a/1.png", "a/.hidden", "__MACOSX/1.png"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode())
        server.on("PUT", FACES, as_json(version(), 201))
        client.upload_dataset("faces", folder)

    first, second = (asked for asked in server.asked if asked.method == "PUT")
    assert first.query["filename"] == ["faces.zip"]
    assert first.body == second.body
    with zipfile.ZipFile(io.BytesIO(first.body)) as archive:
        assert archive.namelist() == ["faces/a/1.png", "faces/b/2.png"]
        assert archive.read("faces/b/2.png") == b"b/2.png"


def test_a_folder_without_files_or_with_a_link_is_refused(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequest, match="holds no files"):
        client.upload_dataset("faces", tmp_path / "empty")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "out.png").symlink_to("/etc/passwd")
    with pytest.raises(InvalidRequest, match="is a link"):
        client.upload_dataset("faces", tmp_path / "linked")

    assert server.asked == []


# --- download and delete ---


def test_a_version_is_downloaded_under_the_name_of_its_file(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    sha256 = hashlib.sha256(b"faces").hexdigest()
    server.on("GET", FACES, as_json(dataset(version(2, sha256=sha256))))
    server.on("GET", f"{FACES}/versions/2/content", Answer(200, b"faces", {"ETag": f'"{sha256}"'}))

    path = client.download_dataset("faces", tmp_path)

    assert (path, path.read_bytes()) == (tmp_path / "faces.npz", b"faces")


def test_bytes_that_are_not_those_of_the_version_are_refused(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    etag = hashlib.sha256(b"evil").hexdigest()
    server.on("GET", f"{FACES}/versions/2", as_json(version(2)))
    server.on("GET", f"{FACES}/versions/2/content", Answer(200, b"evil", {"ETag": f'"{etag}"'}))

    with pytest.raises(UnexpectedAnswer, match="SHA-256"):
        client.download_dataset("faces@2", tmp_path / "mine")

    assert [*tmp_path.iterdir()] == []


def test_the_name_of_a_file_cannot_lead_out_of_the_folder(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    server.on("GET", f"{FACES}/versions/2", as_json(version(2, filename="../evil")))

    with pytest.raises(UnexpectedAnswer, match="leads out"):
        client.download_dataset("faces@2", tmp_path)


def test_a_dataset_or_one_version_is_deleted(server: ScriptedServer, client: Client) -> None:
    server.on("DELETE", FACES, Answer(204))
    server.on("DELETE", f"{FACES}/versions/2", Answer(204))

    client.delete_dataset("faces@2")
    client.delete_dataset("faces")

    assert sent(server) == ["DELETE /datasets/faces/versions/2", "DELETE /datasets/faces"]
