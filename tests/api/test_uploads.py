"""/api/v1/uploads: parts in any order, again and at once; the whole is what was announced, or there is none."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from api.operations import uploads as operation
from api.settings import ApiSettings
from db.engine import Database
from tests.api.conftest import Api, assert_problem
from trainshed.ids import new_id

PART = 1000
CONTENT = bytes(range(256)) * 10  # two whole parts and a half
COUNT = 3


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a thousand bytes: what is tested does not depend on the size."""
    monkeypatch.setattr(operation, "PART_BYTES", PART)


def begin(api: Api, content: bytes = CONTENT, **changes: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    body = {"filename": "digits.npz", "size": len(content), "sha256": sha256, **changes}
    answer = api.post("/datasets/digits/uploads", json=body)
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/uploads/{upload['id']}"
    return upload


def send(api: Api, upload: dict[str, Any], number: int, content: bytes = CONTENT, **more: Any) -> httpx2.Response:
    part = content[(number - 1) * PART : number * PART]
    return api.request("PUT", f"/uploads/{upload['id']}/parts/{number}", content=part, **more)


def send_all(api: Api, upload: dict[str, Any], content: bytes = CONTENT) -> None:
    for number in range(1, COUNT + 1):
        assert send(api, upload, number, content).status_code == 200


def complete(api: Api, upload: dict[str, Any], profile: str = "false") -> httpx2.Response:
    return api.post(f"/uploads/{upload['id']}/complete", params={"profile": profile})


def rows(database: Database, table: str) -> int:
    with database.read() as conn:
        count: int = conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
    return count


def test_parts_in_any_order_and_again_become_the_version_that_was_announced(api: Api, database: Database) -> None:
    upload = begin(api)
    assert (upload["part_size"], upload["part_count"], upload["parts"], upload["missing"]) == (PART, COUNT, [], COUNT)
    assert upload["expires_at"] > upload["created_at"]
    assert send(api, upload, 3).json()["parts"] == [3]
    assert send(api, upload, 1).json()["missing"] == 1
    assert send(api, upload, 1).json()["parts"] == [1, 3]
    assert send(api, upload, 2).json() == api.get(f"/uploads/{upload['id']}").json()
    answer = complete(api, upload, "true")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["ref"], made["size"], made["sha256"]) == ("digits@1", len(CONTENT), upload["sha256"])
    assert made["profile_job"].startswith("job_")
    assert api.get("/datasets/digits/versions/1/content").content == CONTENT
    assert rows(database, "upload_part") == 0


def test_a_part_that_came_is_not_needed_again_after_a_restart(api: Api) -> None:
    upload = begin(api)
    send(api, upload, 2)
    assert api.get(f"/uploads/{upload['id']}").json()["parts"] == [2]


def test_a_complete_that_is_repeated_answers_the_same_version_and_makes_no_other(api: Api, database: Database) -> None:
    upload = begin(api)
    send_all(api, upload)
    first = complete(api, upload)
    again = complete(api, upload, "true")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (rows(database, "dataset_version"), rows(database, "job")) == (1, 0)
    shown = api.get(f"/uploads/{upload['id']}").json()
    assert (shown["parts"], shown["missing"]) == ([1, 2, 3], 0)
    assert_problem(send(api, upload, 1), 409, "conflict")
    assert api.request("DELETE", "/datasets/digits").status_code == 204
    assert_problem(complete(api, upload), 404, "not_found")


def test_two_that_complete_at_once_make_one_version(api: Api, database: Database) -> None:
    upload = begin(api)
    send_all(api, upload)
    answers: list[httpx2.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(complete(api, upload))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert rows(database, "dataset_version") == 1


def test_parts_may_come_at_once(api: Api) -> None:
    upload = begin(api)
    threads = [
        threading.Thread(target=send, args=(api, upload, number)) for number in range(1, COUNT + 1) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert api.get(f"/uploads/{upload['id']}").json()["parts"] == [1, 2, 3]
    assert complete(api, upload).status_code == 201


def test_the_bytes_of_the_newest_version_make_no_new_one(api: Api) -> None:
    for status in (201, 200):
        upload = begin(api)
        send_all(api, upload)
        answer = complete(api, upload)
        assert (answer.status_code, answer.json()["version"]) == (status, 1)


def test_nothing_is_made_while_parts_are_missing(api: Api, database: Database) -> None:
    upload = begin(api)
    send(api, upload, 2)
    problem = assert_problem(complete(api, upload), 409, "upload_incomplete")
    assert problem["facts"] == {"missing": [1, 3], "missing_count": 2}
    assert rows(database, "dataset") == 0


def test_a_whole_with_another_digest_is_refused_and_can_be_mended(
    api: Api, database: Database, settings: ApiSettings
) -> None:
    upload = begin(api)
    send_all(api, upload, CONTENT[::-1])
    problem = assert_problem(complete(api, upload), 422, "digest_mismatch")
    assert problem["facts"]["announced"] == upload["sha256"]
    assert rows(database, "dataset") == 0
    reversed_digest = hashlib.sha256(CONTENT[::-1]).hexdigest()
    assert not [path for path in Path(settings.store_url).rglob("*") if path.name == reversed_digest[2:]]
    send_all(api, upload)
    assert complete(api, upload).status_code == 201


def test_a_part_must_have_its_size(api: Api, database: Database) -> None:
    upload = begin(api)
    path = f"/uploads/{upload['id']}/parts"
    assert_problem(api.request("PUT", f"{path}/1", content=CONTENT[: PART - 1]), 422, "request_invalid")
    assert_problem(api.request("PUT", f"{path}/1", content=b""), 422, "request_invalid")
    assert_problem(api.request("PUT", f"{path}/1", content=CONTENT[: PART + 1]), 413, "body_too_large")
    assert_problem(api.request("PUT", f"{path}/3", content=CONTENT[:PART]), 413, "body_too_large")
    assert (rows(database, "upload_part"), rows(database, "blob")) == (0, 0)


def test_a_digest_that_was_sent_with_a_part_is_checked(api: Api, database: Database) -> None:
    upload = begin(api)
    header = {"Content-Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"}
    assert_problem(send(api, upload, 1, headers=header), 422, "digest_mismatch")
    assert rows(database, "upload_part") == 0


@pytest.mark.parametrize("number", ["0", "-1", "4", "x", str(2**31), "9" * 400, "%00"])
def test_a_number_that_no_part_has_is_refused(api: Api, number: str) -> None:
    upload = begin(api)
    answer = api.request("PUT", f"/uploads/{upload['id']}/parts/{number}", content=b"x")
    assert_problem(answer, 422, "request_invalid")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"size": 0}, "size"),
        ({"size": -1}, "size"),
        ({"size": 2**63}, "size"),
        ({"size": 2**36 + 1}, "size"),
        ({"size": "1"}, "size"),
        ({"size": 1.0}, "size"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"sha256": "a" * 63}, "sha256"),
        ({"filename": "a/b"}, "filename"),
        ({"filename": "\x00"}, "filename"),
        ({"filename": ""}, "filename"),
        ({"extra": 1}, "extra"),
    ],
)
def test_each_wrong_field_is_named(api: Api, changes: dict[str, Any], path: str) -> None:
    body = {"filename": "a.npz", "size": 1, "sha256": "a" * 64, **changes}
    problem = assert_problem(api.post("/datasets/digits/uploads", json=body), 422, "request_invalid")
    assert [error["path"] for error in problem["errors"]] == [path]


@pytest.mark.parametrize("content", [b"", b"{", b'{"size": NaN', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_malformed(api: Api, content: bytes) -> None:
    answer = api.post("/datasets/digits/uploads", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["code"] in ("body_malformed", "request_invalid")


def test_half_a_surrogate_pair_is_no_text(api: Api) -> None:
    content = b'{"filename": "\\ud800", "size": 1, "sha256": "' + b"a" * 64 + b'"}'
    answer = api.post("/datasets/digits/uploads", content=content, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, "request_invalid")


def test_an_upload_is_given_up_with_its_parts(api: Api, database: Database) -> None:
    upload = begin(api)
    send(api, upload, 1)
    assert api.request("DELETE", f"/uploads/{upload['id']}").status_code == 204
    assert rows(database, "upload_part") == 0
    for answer in (
        api.get(f"/uploads/{upload['id']}"),
        send(api, upload, 1),
        complete(api, upload),
        api.request("DELETE", f"/uploads/{upload['id']}"),
    ):
        assert_problem(answer, 404, "not_found")


def test_another_project_finds_none_of_it(api: Api) -> None:
    upload = begin(api)
    for method, path in (("GET", ""), ("DELETE", ""), ("PUT", "/parts/1"), ("POST", "/complete")):
        answer = api.request(method, f"/uploads/{upload['id']}{path}", as_="other")
        assert_problem(answer, 404, "not_found")
    for upload_id in (new_id("upl"), "upl_x", "%00", "job_" + "0" * 26):
        assert_problem(api.get(f"/uploads/{upload_id}"), 404, "not_found")
