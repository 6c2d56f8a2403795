"""/api/v1/datasets: versions are whole, numbered once, and stay as long as an unfinished job reads them."""

from __future__ import annotations

import base64
import hashlib
import io
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from api.operations.pins import pin_datasets
from api.settings import ApiSettings
from db import datasets
from db.engine import Database
from storage import open_store
from tests.api.conftest import Api, assert_problem
from tests.api.process import ApiProcess
from tests.factories import PROJECT, claim, end, new_job, submit
from tests.servers import ValkeyServer, wait_until
from trainshed.ids import new_id
from trainshed.specs import parse_spec
from trainshed.states import AttemptOutcome

CONTENT = bytes(range(256)) * 5_000  # more than one chunk of the store


def put(api: Api, content: bytes = CONTENT, name: str = "digits", **more: Any) -> httpx2.Response:
    params = {"filename": "digits.npz", "profile": "false", **more.pop("params", {})}
    return api.request("PUT", f"/datasets/{name}", content=content, params=params, **more)


def read_by_a_job(database: Database, ref: str) -> str:
    """Make an unfinished train job that reads a dataset."""
    spec = parse_spec({"kind": "train", "name": "t", "data": {"dataset": ref}, "model": {"family": "image_classifier"}})
    with database.begin() as conn:
        _, pins = pin_datasets(conn, PROJECT, spec)
        job_id = submit(conn, id=new_id("job"), name="reader")
        datasets.note_use(conn, job_id, pins)
    return job_id


def rows(database: Database, table: str) -> int:
    with database.read() as conn:
        count: int = conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return count


# --- new versions ---


def test_a_put_makes_a_version_that_can_be_read_back(api: Api) -> None:
    answer = put(api)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["dataset"], made["version"], made["ref"]) == ("digits", 1, "digits@1")
    assert (made["size"], made["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (made["filename"], made["profile_job"], made["profile"]) == ("digits.npz", None, None)
    assert made["created_by"].startswith("key_")
    assert answer.headers["location"] == "/api/v1/datasets/digits/versions/1"
    assert api.get("/datasets/digits/versions/1").json() == made
    content = api.get("/datasets/digits/versions/1/content")
    assert content.content == CONTENT
    assert content.headers["etag"] == f'"{made["sha256"]}"'
    assert content.headers["content-type"] == "application/octet-stream"


def test_the_bytes_of_the_newest_version_make_no_new_one(api: Api, database: Database) -> None:
    first = put(api).json()
    again = put(api, params={"profile": "true"})
    assert (again.status_code, again.json()) == (200, first)
    assert put(api, b"other").json()["version"] == 2
    assert put(api).json()["version"] == 3  # the newest one has other bytes now
    assert rows(database, "job") == 0


def test_names_and_numbers_of_a_project_are_its_own(api: Api) -> None:
    assert put(api).status_code == 201
    theirs = put(api, b"theirs", as_="other")
    assert theirs.json()["version"] == 1
    assert api.get("/datasets/digits/versions/1", as_="other").json()["size"] == 6
    assert put(api, b"only theirs", "secret", as_="other").status_code == 201
    for path in ("", "/versions/1", "/versions/1/content"):
        assert_problem(api.get(f"/datasets/secret{path}"), 404, "not_found")
    assert_problem(api.request("DELETE", "/datasets/secret"), 404, "not_found")


def test_many_that_put_at_once_get_a_number_each(api: Api, database: Database) -> None:
    statuses: list[int] = []

    def send(number: int) -> None:
        statuses.append(put(api, f"content {number}".encode()).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 12
    versions = api.get("/datasets/digits").json()["versions"]
    assert [version["version"] for version in versions] == list(range(12, 0, -1))
    assert len({version["sha256"] for version in versions}) == 12


def test_two_transactions_cannot_give_one_number_twice(api: Api, database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    put(api)
    stored = open_store(api.client.app.state.parts.settings.store_url)
    done = threading.Event()

    def second() -> None:
        assert put(api, b"second").json()["version"] == 3
        done.set()

    thread = threading.Thread(target=second)
    with database.begin() as conn:
        blob = stored.put_file(io.BytesIO(b"first"))
        conn.execute(
            text("INSERT INTO blob (sha256, size, created_at, touched_at) VALUES (:s, 5, 0, 0)"), {"s": blob.digest}
        )
        new = datasets.NewVersion(PROJECT, "digits", new_id("dat"), blob.digest, blob.size, "a.npz", "key_test")
        assert datasets.add_version(conn, new).version == 2
        thread.start()
        assert not done.wait(0.3)  # it waits for this transaction
    thread.join()
    assert done.is_set()


@pytest.mark.parametrize(
    "header",
    [
        f"sha-256=:{base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()}:",
        f"sha-512=:AA==:, sha-256=:{base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()}:",
    ],
)
def test_a_digest_that_was_sent_is_checked(api: Api, database: Database, header: str) -> None:
    assert put(api, headers={"Content-Digest": header}).status_code == 201
    problem = assert_problem(put(api, CONTENT[1:], headers={"Content-Digest": header}), 422, "digest_mismatch")
    assert problem["facts"]["announced"] == hashlib.sha256(CONTENT).hexdigest()
    assert rows(database, "blob") == 1


@pytest.mark.parametrize("header", ["sha-512=:AA==:", "sha-256=:zzz:", "sha-256", ""])
def test_a_digest_that_cannot_be_checked_is_refused(api: Api, header: str) -> None:
    problem = assert_problem(put(api, headers={"Content-Digest": header}), 422, "request_invalid")
    assert problem["errors"][0]["path"] == "content-digest"


@pytest.mark.parametrize(
    "name", ["Digits", "-digits", "a" * 64, "a b", "%00", "%ff", "digits@1", "ä", "builtin", "synthetic", "..%2fx"]
)
def test_a_name_that_no_dataset_may_have_is_refused(api: Api, database: Database, name: str) -> None:
    answer = put(api, name=name)
    assert answer.status_code in (404, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert rows(database, "dataset") == 0


@pytest.mark.parametrize("filename", ["", "a/b.npz", "a\\b", "a\x00", "a\nb", "n" * 256])
def test_a_file_name_with_a_folder_or_control_characters_is_refused(api: Api, filename: str) -> None:
    problem = assert_problem(put(api, params={"filename": filename}), 422, "request_invalid")
    assert problem["errors"][0]["path"] == "filename"


def test_an_empty_body_is_refused(api: Api, database: Database) -> None:
    assert_problem(put(api, b""), 422, "request_invalid")
    assert (rows(database, "dataset"), rows(database, "blob")) == (0, 0)


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a mebibyte: what a full disk does to a writer, this does too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_of_its_own_and_leaves_nothing(
    api: Api, database: Database, settings: ApiSettings, full_disk: None
) -> None:
    answer = put(api, bytes(3 << 20))
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert (rows(database, "dataset"), rows(database, "blob")) == (0, 0)
    assert [path for path in Path(settings.store_url).rglob("*") if path.is_file()] == []


# --- lists ---


def test_pages_go_by_name_and_show_the_newest_version(api: Api) -> None:
    for name in ("c", "a", "b"):
        put(api, f"1 {name}".encode(), name)
        put(api, f"2 {name}".encode(), name)
    put(api, as_="other", name="aa")
    first = api.get("/datasets", params={"limit": 2}).json()
    assert [(item["name"], item["latest"]["ref"]) for item in first["items"]] == [("a", "a@2"), ("b", "b@2")]
    second = api.get("/datasets", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["name"] for item in second["items"]] == ["c"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("params", [{"cursor": "A"}, {"cursor": "\x00"}, {"limit": 0}, {"limit": 501}, {"limit": "x"}])
def test_a_broken_cursor_or_limit_is_refused(api: Api, params: dict[str, Any]) -> None:
    assert_problem(api.get("/datasets", params=params), 422, "request_invalid")


def test_one_shows_all_versions_newest_first(api: Api) -> None:
    for number in range(3):
        put(api, str(number).encode())
    found = api.get("/datasets/digits").json()
    assert [version["version"] for version in found["versions"]] == [3, 2, 1]
    assert found["latest"] == found["versions"][0]
    assert_problem(api.get("/datasets/nope"), 404, "not_found")
    assert_problem(api.get("/datasets/digits/versions/4"), 404, "not_found")
    for number in ("0", "-1", "x", str(2**31), "9" * 400):
        assert_problem(api.get(f"/datasets/digits/versions/{number}"), 422, "request_invalid")


def test_a_client_that_has_the_bytes_is_spared_them(api: Api) -> None:
    etag = f'"{put(api).json()["sha256"]}"'
    answer = api.get("/datasets/digits/versions/1/content", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


def test_one_range_of_the_bytes_can_be_had(api: Api) -> None:
    etag = f'"{put(api).json()["sha256"]}"'
    answer = api.get("/datasets/digits/versions/1/content", headers={"Range": "bytes=100-199", "If-Range": etag})
    assert (answer.status_code, answer.content) == (206, CONTENT[100:200])
    assert answer.headers["content-disposition"].startswith('attachment; filename="digits.npz"')
    beyond = api.get("/datasets/digits/versions/1/content", headers={"Range": f"bytes={len(CONTENT)}-"})
    assert_problem(beyond, 416, "range_not_satisfiable")


# --- large files, and clients that go away ---


@pytest.fixture
def process(tmp_path: Path, database_url: str, valkey: ValkeyServer) -> Iterator[ApiProcess]:
    started = ApiProcess(tmp_path, database_url=database_url, broker_url=valkey.url)
    yield started
    started.stop()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_large_file_is_never_in_memory_as_a_whole(process: ApiProcess) -> None:
    mebibyte, count = bytes(1 << 20), 192
    before = process.peak_memory()
    params = {"filename": "large.npz", "profile": "false"}
    answer = process.http.put("/datasets/large", content=(mebibyte for _ in range(count)), params=params)
    assert (answer.status_code, answer.json()["size"]) == (201, count << 20)
    with process.http.stream("GET", "/datasets/large/versions/1/content") as content:
        assert sum(len(chunk) for chunk in content.iter_bytes()) == count << 20
    assert process.peak_memory() - before < 64 << 20


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_client_that_goes_away_leaves_nothing(process: ApiProcess, tmp_path: Path) -> None:
    head = (
        f"PUT /api/v1/datasets/half?filename=a.npz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {process.key}\r\nContent-Length: 5000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", process.port)) as connection:
        connection.sendall(head.encode() + bytes(1_000_000))
    wait_until(lambda: "/api/v1/datasets/half" in process.log.read_text(), what="the end of the request")
    assert process.http.get("/datasets/half").status_code == 404
    assert "http.crashed" not in process.log.read_text()
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


# --- removal ---


def test_a_number_is_not_used_again(api: Api) -> None:
    put(api, b"1")
    put(api, b"2")
    assert api.request("DELETE", "/datasets/digits/versions/2").status_code == 204
    assert_problem(api.get("/datasets/digits/versions/2"), 404, "not_found")
    assert_problem(api.request("DELETE", "/datasets/digits/versions/2"), 404, "not_found")
    assert put(api, b"3").json()["version"] == 3
    for number in (1, 3):
        assert api.request("DELETE", f"/datasets/digits/versions/{number}").status_code == 204
    assert api.get("/datasets/digits").json()["latest"] is None
    assert put(api, b"4").json()["version"] == 4


def test_a_version_that_an_unfinished_job_reads_stays(api: Api, database: Database) -> None:
    put(api, b"1")
    put(api, b"2")
    job_id = read_by_a_job(database, "digits@1")
    for path in ("/datasets/digits/versions/1", "/datasets/digits"):
        problem = assert_problem(api.request("DELETE", path), 409, "in_use")
        assert problem["facts"]["jobs"] == [{"id": job_id, "name": "reader", "state": "queued"}]
        assert job_id in problem["detail"]
    assert api.request("DELETE", "/datasets/digits/versions/2").status_code == 204
    with database.begin() as conn:
        end(conn, claim(conn))
    assert api.request("DELETE", "/datasets/digits/versions/1").status_code == 204
    assert api.request("DELETE", "/datasets/digits").status_code == 204
    assert_problem(api.request("DELETE", "/datasets/digits"), 404, "not_found")
    assert rows(database, "dataset_use") == 0
    assert rows(database, "job") == 1


def test_nobody_deletes_what_is_being_pinned(api: Api, database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    put(api)
    answers: list[httpx2.Response] = []
    thread = threading.Thread(target=lambda: answers.append(api.request("DELETE", "/datasets/digits/versions/1")))
    spec = parse_spec({"kind": "profile", "data": {"dataset": "digits"}})
    with database.begin() as conn:
        _, pins = pin_datasets(conn, PROJECT, spec)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        datasets.note_use(conn, submit(conn, **vars_of_job()), pins)
    thread.join()
    assert_problem(answers[0], 409, "in_use")


def vars_of_job() -> dict[str, Any]:
    return {"id": new_id("job"), "name": new_job().name}


# --- profile jobs ---


def test_a_new_version_is_looked_into_by_a_job(api: Api) -> None:
    made = put(api, params={"profile": "true"}).json()
    job = api.get(f"/jobs/{made['profile_job']}").json()
    assert (job["kind"], job["state"], job["spec"]["data"]["dataset"]) == ("profile", "queued", "digits@1")
    assert job["priority"] < 0


def test_a_job_that_only_looks_into_what_is_deleted_is_cancelled(api: Api, database: Database) -> None:
    waiting = put(api, b"1", params={"profile": "true"}).json()["profile_job"]
    assert api.request("DELETE", "/datasets/digits/versions/1").status_code == 204
    assert api.get(f"/jobs/{waiting}").json()["state"] == "cancelled"
    running = put(api, b"2", params={"profile": "true"}).json()["profile_job"]
    with database.begin() as conn:
        assert claim(conn).lease.job_id == running
    assert api.request("DELETE", "/datasets/digits").status_code == 204
    assert api.get(f"/jobs/{running}").json()["request"] == "cancel"


def test_what_a_profile_job_found_is_kept_with_the_version_it_read(api: Api, database: Database) -> None:
    put(api, b"1", params={"profile": "true"})
    put(api, b"2")
    with database.begin() as conn:
        won = claim(conn)
        datasets.note_profile(conn, won.lease.job_id, {"rows": 7})
        end(conn, won, AttemptOutcome.SUCCEEDED)
    assert api.get("/datasets/digits/versions/1").json()["profile"] == {"rows": 7}
    assert api.get("/datasets/digits/versions/2").json()["profile"] is None
