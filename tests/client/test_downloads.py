"""Downloads: whole and verified, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, NOW
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json
from trainshed import Client
from trainshed.client.download import local_path
from trainshed.errors import Unavailable, UnexpectedAnswer

CONTENT = b"weights" * 1000
ARTIFACT = f"{JOB_PATH}/artifacts/model/final%20one.keras"
ARTIFACTS = f"{JOB_PATH}/artifacts"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def artifact(content: bytes = CONTENT, *, of: bytes = CONTENT, broken: bool = False) -> Answer:
    return Answer(200, content, {"ETag": f'"{digest(of)}"'}, broken=broken)


def rest(start: int, content: bytes | None = None, *, of: bytes = CONTENT, broken: bool = False) -> Answer:
    headers = {"ETag": f'"{digest(of)}"', "Content-Range": f"bytes {start}-{len(of) - 1}/{len(of)}"}
    return Answer(206, of[start:] if content is None else content, headers, broken=broken)


def listed(path: str, content: bytes) -> dict[str, Any]:
    described = {"size": len(content), "sha256": digest(content), "media_type": "text/plain", "attempt": 1}
    return {"path": path, "created_at": NOW, **described}


def test_a_download_is_verified_and_appears_whole(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on("GET", ARTIFACT, artifact())

    path = client.download(JOB_ID, "model/final one.keras", tmp_path)

    assert path == tmp_path / "model" / "final one.keras"
    assert path.read_bytes() == CONTENT


def test_a_download_to_a_file_takes_that_name(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on("GET", ARTIFACT, artifact())

    assert client.download(JOB_ID, "model/final one.keras", tmp_path / "mine").read_bytes() == CONTENT


def test_a_broken_download_starts_again(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on("GET", ARTIFACT, artifact(CONTENT[:100], broken=True), artifact())

    assert client.download(JOB_ID, "model/final one.keras", tmp_path / "mine").read_bytes() == CONTENT


def test_wrong_bytes_never_become_a_file(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on("GET", ARTIFACT, artifact(b"evil"))

    with pytest.raises(UnexpectedAnswer, match="SHA-256"):
        client.download(JOB_ID, "model/final one.keras", tmp_path / "mine")

    assert [*tmp_path.iterdir()] == []


def test_bytes_without_a_digest_are_not_trusted(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on("GET", ARTIFACT, Answer(200, b"content"))

    with pytest.raises(UnexpectedAnswer, match="ETag"):
        client.download(JOB_ID, "model/final one.keras", tmp_path / "mine")

    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", "a\\b", "..", "a\0b"])
def test_an_artifact_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="leads out"):
        local_path(tmp_path, name)


def test_a_broken_download_goes_on_where_it_broke(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    server.on(
        "GET",
        ARTIFACT,
        artifact(CONTENT[:100], broken=True),
        Answer(503),
        rest(100, CONTENT[100:300], broken=True),
        rest(300),
    )

    assert client.download(JOB_ID, "model/final one.keras", tmp_path / "mine").read_bytes() == CONTENT
    etag = f'"{digest(CONTENT)}"'
    assert [(asked.headers.get("range"), asked.headers.get("if-range")) for asked in server.asked] == [
        (None, None),
        ("bytes=100-", etag),
        ("bytes=100-", etag),
        ("bytes=300-", etag),
    ]


def test_a_file_that_was_replaced_meanwhile_is_fetched_from_its_beginning(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    other = b"other weights"
    server.on("GET", ARTIFACT, artifact(CONTENT[:100], broken=True), artifact(other, of=other))

    assert client.download(JOB_ID, "model/final one.keras", tmp_path / "mine").read_bytes() == other


def test_a_connection_that_breaks_behind_the_last_byte_is_no_loss(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    server.on("GET", ARTIFACT, artifact(CONTENT, broken=True))

    assert client.download(JOB_ID, "model/final one.keras", tmp_path / "mine").read_bytes() == CONTENT
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [rest(200), rest(100, of=b"x" * 7000), Answer(206, b"x")])
def test_a_rest_that_does_not_fit_is_refused(
    server: ScriptedServer, client: Client, tmp_path: Path, answer: Answer
) -> None:
    server.on("GET", ARTIFACT, artifact(CONTENT[:100], broken=True), answer)

    with pytest.raises(UnexpectedAnswer, match=r"rest of the file|ETag"):
        client.download(JOB_ID, "model/final one.keras", tmp_path / "mine")

    assert [*tmp_path.iterdir()] == []


def test_patience_begins_anew_with_each_byte_and_ends_without_one(
    server: ScriptedServer, client: Client, clock: FakeTime, tmp_path: Path
) -> None:
    steps = [rest(start, CONTENT[start : start + 100], broken=True) for start in range(100, 2000, 100)]
    answers = [answer for step in steps for answer in (Answer(503, b"", {"Retry-After": "20"}), step)]
    server.on("GET", ARTIFACT, artifact(CONTENT[:100], broken=True), *answers, Answer(503))

    with pytest.raises(Unavailable):
        client.download(JOB_ID, "model/final one.keras", tmp_path / "mine")

    assert sum(clock.slept) > 19 * 20
    assert [*tmp_path.iterdir()] == []


def test_all_artifacts_are_fetched_below_a_folder(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    items = [listed("model/final one.keras", CONTENT), listed("notes.txt", b"notes")]
    server.on("GET", ARTIFACTS, as_json({"items": items}))
    server.on("GET", ARTIFACT, artifact())
    server.on("GET", f"{ARTIFACTS}/notes.txt", artifact(b"notes", of=b"notes"))

    paths = client.download_all(JOB_ID, tmp_path / "all")

    assert paths == (tmp_path / "all/model/final one.keras", tmp_path / "all/notes.txt")
    assert [path.read_bytes() for path in paths] == [CONTENT, b"notes"]


def test_what_is_there_already_is_not_fetched_again(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    items = [listed("notes.txt", b"notes"), listed("old.txt", b"new")]
    server.on("GET", ARTIFACTS, as_json({"items": items}))
    server.on("GET", f"{ARTIFACTS}/old.txt", artifact(b"new", of=b"new"))
    (tmp_path / "notes.txt").write_bytes(b"notes")
    (tmp_path / "old.txt").write_bytes(b"old")

    client.download_all(JOB_ID, tmp_path)

    assert (tmp_path / "old.txt").read_bytes() == b"new"
    assert [asked.path for asked in server.asked] == [ARTIFACTS, f"{ARTIFACTS}/old.txt"]


def test_bytes_that_are_not_those_of_the_list_are_refused(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    server.on("GET", ARTIFACTS, as_json({"items": [listed("notes.txt", b"notes")]}))
    server.on("GET", f"{ARTIFACTS}/notes.txt", artifact(b"evil!", of=b"evil!"))

    with pytest.raises(UnexpectedAnswer, match="SHA-256"):
        client.download_all(JOB_ID, tmp_path)

    assert [*tmp_path.iterdir()] == []


def test_no_artifact_is_fetched_when_one_of_them_leads_out(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    server.on("GET", ARTIFACTS, as_json({"items": [listed("notes.txt", b"notes"), listed("../x", b"evil")]}))

    with pytest.raises(UnexpectedAnswer, match="leads out"):
        client.download_all(JOB_ID, tmp_path / "all")

    assert len(server.asked) == 1


def test_artifacts_are_asked_for_by_prefix(server: ScriptedServer, client: Client) -> None:
    """A server that knows no prefix answers all of them."""
    items = [listed("plots/loss.png", b""), listed("model.keras", b"")]
    server.on("GET", ARTIFACTS, as_json({"items": items}))

    assert [each.path for each in client.artifacts(JOB_ID, prefix="plots/")] == ["plots/loss.png"]
    assert server.asked[0].query == {"prefix": ["plots/"]}


def test_an_artifact_is_uploaded_with_its_digest_and_repeated(
    server: ScriptedServer, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "notes.md"
    file.write_bytes(b"notes")
    path = f"{ARTIFACTS}/notes/first%20one.md"
    server.on("PUT", path, Answer(503), as_json(listed("notes/first one.md", b"notes"), 201))

    assert client.upload_artifact(JOB_ID, file, path="notes/first one.md").size == 5
    assert [asked.body for asked in server.asked] == [b"notes", b"notes"]
    assert server.asked[0].headers["content-length"] == "5"
    assert server.asked[0].headers["content-digest"].startswith("sha-256=:")


def test_an_artifact_takes_the_name_of_its_file(server: ScriptedServer, client: Client, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_bytes(b"")
    server.on("PUT", f"{ARTIFACTS}/notes.md", as_json(listed("notes.md", b""), 201))

    assert client.upload_artifact(JOB_ID, tmp_path / "notes.md").path == "notes.md"
