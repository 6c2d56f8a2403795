"""Lists, waits and downloads."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.client.documents import JOB_ID, JOB_PATH, job
from tests.client.scripted import Answer, FakeTime, ScriptedServer, as_json
from trainshed import Client
from trainshed.client.download import local_path
from trainshed.errors import JobFailed, UnexpectedAnswer, WaitTimedOut
from trainshed.states import JobState

JOBS = "/api/v1/jobs"
CONTENT = b"weights" * 1000
ARTIFACT = f"{JOB_PATH}/artifacts/model/final%20one.keras"


def page(count: int, cursor: str | None) -> Answer:
    return as_json({"items": [job()] * count, "next_cursor": cursor})


def artifact(content: bytes = CONTENT, *, of: bytes = CONTENT, broken: bool = False) -> Answer:
    return Answer(200, content, {"ETag": f'"{hashlib.sha256(of).hexdigest()}"'}, broken=broken)


def test_a_list_goes_on_to_the_last_page(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(2, "c1"), page(2, "c2"), page(1, None))

    assert len([*client.list()]) == 5
    assert [asked.query.get("cursor") for asked in server.asked] == [None, ["c1"], ["c2"]]


def test_a_limit_asks_for_no_more_than_that(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(50, "c1"), page(20, "c2"))

    assert len([*client.list(limit=70)]) == 70
    assert [asked.query["limit"] for asked in server.asked] == [["50"], ["20"]]


def test_a_list_asks_for_what_was_named(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(0, None))

    [*client.list(state=[JobState.QUEUED, "running"], kind="train", name="n", labels={"team": "vision", "a": "b=c"})]

    assert server.asked[0].query == {
        "state": ["queued", "running"],
        "kind": ["train"],
        "name": ["n"],
        "label": ["team=vision", "a=b=c"],
        "limit": ["50"],
    }


def test_a_list_that_does_not_advance_is_given_up(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOBS, page(1, "same"))

    with pytest.raises(UnexpectedAnswer, match="does not advance"):
        [*client.list()]


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_wait_returns_on_any_end(server: ScriptedServer, client: Client, state: str) -> None:
    server.on("GET", JOB_PATH, as_json(job("running")), as_json(job(state)))

    assert client.wait(JOB_ID).state == state
    assert server.asked[0].query["wait"] == ["30.000s"]


def test_a_wait_raises_for_a_failed_job_if_asked_to(server: ScriptedServer, client: Client) -> None:
    server.on("GET", JOB_PATH, as_json(job("failed", reason="diverged", message="the loss became NaN")))

    with pytest.raises(JobFailed, match="the loss became NaN") as caught:
        client.wait(JOB_ID, raise_on_failure=True)

    assert caught.value.facts == {"job_id": JOB_ID, "state": "failed", "reason": "diverged"}


def test_a_wait_ends_with_its_time_and_does_not_run_in_circles(
    server: ScriptedServer, client: Client, clock: FakeTime
) -> None:
    server.on("GET", JOB_PATH, as_json(job("running")))

    with pytest.raises(WaitTimedOut, match="still running after 5 s"):
        client.wait(JOB_ID, timeout_s=5)

    assert clock.time == pytest.approx(1005.0)
    assert len(server.asked) <= 7


def test_a_series_longer_than_one_answer_is_read_to_its_end(
    server: ScriptedServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(*steps: int) -> Answer:
        points = [{"step": step, "value": step / 2, "at": "2026-01-01T00:00:00Z"} for step in steps]
        return as_json({"series": [{"name": "loss", "points": points}]})

    monkeypatch.setattr("trainshed.client.client._POINTS", 2)
    server.on("GET", f"{JOB_PATH}/metrics", answer(1, 2), answer(3, 4), answer(9))

    (series,) = client.metrics(JOB_ID)

    assert [point.step for point in series.points] == [1, 2, 3, 4, 9]
    assert [asked.query.get("since_step") for asked in server.asked] == [None, ["3"], ["5"]]


def test_a_run_is_a_submit_and_a_wait(server: ScriptedServer, client: Client) -> None:
    server.on("POST", JOBS, as_json(job("queued"), 202))
    server.on("GET", JOB_PATH, as_json(job("succeeded", latest_metrics={"accuracy": 0.9})))

    assert client.run({"kind": "command"}).latest_metrics == {"accuracy": 0.9}


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
