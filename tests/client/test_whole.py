"""The client against real processes, on both databases: what the scripted server cannot prove."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import EXECUTABLE
from tests.client.cutting import cutting_line
from tests.servers import wait_until
from tests.system.platform import Platform
from trainshed import Client
from trainshed.client.log_stream import Position, follow_log
from trainshed.errors import (
    AlreadyFinished,
    Conflict,
    InvalidSpec,
    NotFinished,
    NotFound,
    PreconditionFailed,
    Unauthenticated,
)

pytestmark = pytest.mark.timeout(180)

PRINTER = """
import itertools, signal, time
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
for number in itertools.takewhile(lambda _: not ended, itertools.count()):
    print(f"line {number} ü", flush=True)
    time.sleep(0.01)
print("end")
"""
HELLO = {"kind": "command", "name": "hello", "command": ["echo", "hello"]}
WAITING = {**HELLO, "name": "waiting", "resources": {"pool": "nobody-serves-it"}}


def restart(platform: Platform) -> None:
    """Kill the API as by `kill -9`, and start it again."""
    platform.api.signal(signal.SIGKILL)
    platform.api.wait()
    platform.api = platform._spawn("api", "api")
    wait_until(platform._is_ready, what="the API to answer again")


def has_grown(logs: list[bytearray]) -> Callable[[], bool]:
    """Whether each log has more than any has now."""
    size = max(map(len, logs)) + 500
    return lambda: min(map(len, logs)) >= size


def by_stream(client: Client, job_id: str) -> Iterable[bytes]:
    path = f"/api/v1/jobs/{job_id}/logs"
    return (content for content, _ in follow_log(client._transport, path, Position(1, 0)))


def by_offset(client: Client, job_id: str) -> Iterable[bytes]:
    return client.logs(job_id, attempt=1, follow=True)


def as_a_user(client: Client, job_id: str) -> Iterable[bytes]:
    return client.logs(job_id, follow=True)


def by_command(client: Client, job_id: str) -> Iterable[bytes]:
    argv = [EXECUTABLE, "job", "logs", "--follow", job_id]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=os.environ.copy()) as command:
        assert command.stdout is not None
        while chunk := os.read(command.stdout.fileno(), 1 << 16):
            yield chunk
    assert command.returncode == 103  # the job was cancelled


@pytest.mark.chaos
def test_a_log_comes_whole_and_once_over_kills_of_the_api(platform: Platform, real: Client) -> None:
    job = real.submit({**HELLO, "command": [sys.executable, "-c", PRINTER]})
    ways = (by_stream, by_offset, as_a_user, by_command)
    logs = [bytearray() for _ in ways]

    def follow(log: bytearray, read: Callable[[Client, str], Iterable[bytes]]) -> None:
        with Client() as client:
            for chunk in read(client, job.id):
                log += chunk

    with ThreadPoolExecutor(max_workers=len(ways)) as threads:
        readers = [threads.submit(follow, log, read) for log, read in zip(logs, ways, strict=True)]
        try:
            for _ in range(2):
                wait_until(has_grown(logs), what="every log to grow")
                restart(platform)
            wait_until(has_grown(logs), what="every log to grow")
        finally:
            job.cancel()
        for reader in readers:
            reader.result()

    *lines, last = bytes(logs[0]).decode().splitlines()
    assert lines == [f"line {number} ü" for number in range(len(lines))]
    assert last == "end"
    assert logs[1] == logs[2] == logs[3] == logs[0]


def test_a_follower_of_all_attempts_sees_each_of_them(real: Client) -> None:
    once = "import os, sys; print('attempt', os.environ['TRAINSHED_ATTEMPT'], flush=True); sys.exit(1)"
    retry = {"budget": {"user_error": 2}, "backoff": {"initial": "10ms"}}
    job = real.submit({**HELLO, "command": [sys.executable, "-c", once], "retry": retry})

    assert b"".join(job.logs()) == b"attempt 1\nattempt 2\nattempt 3\n"
    assert job.wait(60).state == "failed"
    assert b"".join(job.logs(attempt=2)) == b"attempt 2\n"
    assert b"".join(job.logs(follow=False)) == b"attempt 3\n"
    events = [*job.events(follow=True)]
    assert [event.seq for event in events] == [*range(1, len(events) + 1)]
    assert [event.state for event in events][-1] == "failed"


@pytest.mark.chaos
def test_events_of_the_project_come_once_over_a_kill_of_the_api(platform: Platform, real: Client) -> None:
    first = real.submit(WAITING)
    events = real.project_events(after=[*real.project_events(follow=False)][-1].cursor)
    jobs = [first.id]
    for number in range(10):
        jobs.append(real.submit(WAITING).id)
        assert next(events).job_id == jobs[-1]
        if number == 4:
            restart(platform)

    everything = [*real.project_events(follow=False)]
    assert [each.job_id for each in everything if each.type == "submit"] == jobs


def test_a_download_over_a_line_that_breaks_is_whole(platform: Platform, real: Client, tmp_path: Path) -> None:
    content = os.urandom(3 << 20)
    (tmp_path / "weights.bin").write_bytes(content)
    job = real.run(HELLO, timeout_s=60)
    added = real.upload_artifact(job.id, tmp_path / "weights.bin")
    key = (platform.folder / "admin.key").read_text().strip()

    with (
        cutting_line(platform.port, cuts=[100_000, 1 << 20, 50]) as port,
        Client(f"http://127.0.0.1:{port}", key) as client,
    ):
        path = client.download(job.id, "weights.bin", tmp_path / "again.bin")

    assert path.read_bytes() == content
    assert added.sha256 == hashlib.sha256(content).hexdigest()
    assert client.server.url != real.server.url


def test_an_interrupted_upload_becomes_the_same_version(real: Client, tmp_path: Path) -> None:
    file = tmp_path / "faces.npz"
    file.write_bytes(os.urandom(20 << 20))
    told: list[int] = []

    def interrupt(done: int, total: int) -> None:
        if done > total / 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        real.upload_dataset("faces", file, profile=False, progress=interrupt)
    version = real.upload_dataset("faces", file, profile=False, progress=lambda done, _: told.append(done))

    assert told[0] > 0
    assert version.ref == "faces@1"
    assert version.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert real.upload_dataset("faces", file, profile=False) == version
    assert real.download_dataset("faces", tmp_path / "again.npz").read_bytes() == file.read_bytes()
    real.delete_dataset("faces@1")
    with pytest.raises(NotFound):
        real.dataset_version("faces@1")


def test_many_jobs_are_made_once_and_listed(real: Client) -> None:
    specs = [{**WAITING, "name": f"job-{number}", "labels": {"half": str(number % 2)}} for number in range(1_200)]

    made = real.submit_many(specs, idempotency_key="sweep")
    again = real.submit_many(specs, idempotency_key="sweep")

    assert made == again
    assert [ref.name for ref in made] == [spec["name"] for spec in specs]
    assert len({job.id for job in real.list(labels={"half": "1"}, sort="name")}) == 600
    with pytest.raises(InvalidSpec) as caught:
        real.submit_many([*specs[:1_003], {"kind": "command", "name": "x"}])
    assert [error.path for error in caught.value.errors] == ["jobs[1003].command"]
    assert caught.value.facts["accepted"] == 1_000


def test_a_job_is_checked_changed_held_and_cancelled(real: Client) -> None:
    draft = real.check(WAITING)
    job = real.submit(WAITING).refresh()
    changed = real.update(job.id, labels={"team": "vision"}, priority=5)

    assert draft.id != job.id
    assert draft.spec == job.spec
    assert (changed.labels, changed.priority) == ({"team": "vision"}, 5)
    with pytest.raises(PreconditionFailed):
        real.update(job.id, priority=6, if_match=job.etag)
    assert real.update(job.id, priority=6, if_match=changed.etag).priority == 6
    assert real.hold(job.id).held
    assert not real.release(job.id).held
    with pytest.raises(NotFinished):
        job.retry()
    assert job.cancel().state == "cancelled"
    with pytest.raises(AlreadyFinished):
        job.cancel()
    with pytest.raises(Conflict):
        real.hold(job.id)
    again = job.retry()
    assert (again.retry_of, again.spec) == (job.id, job.spec)
    assert job.clone({"name": "other", "labels": None}).name == "other"
    real.delete(job.id)
    with pytest.raises(NotFound):
        job.refresh()


def test_a_token_lives_until_it_is_revoked(real: Client) -> None:
    token = real.create_token("viewer", role="viewer", expires_in="1h")
    with Client(real.server.url, token.key) as viewer:
        assert viewer.whoami().key_id == token.id
        assert [*itertools.islice(viewer.list(), 1)] == []
        real.revoke_token(token.id)

        def refused() -> bool:
            try:
                viewer.whoami()
            except Unauthenticated as error:
                return error.problem is not None and error.problem.code == "unauthenticated"
            return False

        wait_until(refused, within_s=5, what="the token to be refused")
