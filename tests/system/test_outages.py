"""A database that is away for longer than any lease costs no attempt and no point; a full disk ends what it must."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.migrate import upgrade
from tests.servers import PostgresServer, ValkeyServer, wait_until
from tests.system.platform import Platform
from tests.system.test_resume import TRAINING, points

pytestmark = pytest.mark.timeout(240)

COUNT = "import time\nfor number in range({lines}):\n    print(number, flush=True)\n    time.sleep(0.1)\n"


@pytest.fixture
def own_postgres(server_folder: Path, tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(server_folder / f"own-{tmp_path.name}", durable=True)
    server.start()
    server.execute("CREATE DATABASE trainshed")
    upgrade(server.url("trainshed"))
    yield server
    server.stop()


@pytest.fixture
def on_postgres(tmp_path: Path, own_postgres: PostgresServer, own_valkey: ValkeyServer) -> Iterator[Platform]:
    url = own_postgres.url("trainshed")
    made = Platform(tmp_path / "platform", database_url=url, broker_url=own_valkey.url)
    yield made
    made.stop()


def lines_on_disk(platform: Platform, job_id: str) -> int:
    """What a job has printed, as its worker's disk has it."""
    return sum(path.read_bytes().count(b"\n") for path in platform.folder.glob(f"spool/*/{job_id}.*/log"))


def ends(job: dict[str, Any]) -> list[str]:
    return [attempt["outcome"] for attempt in job["attempts"]]


@pytest.mark.parametrize("away", ["frozen", "down"])
def test_a_database_that_is_away_for_longer_than_a_lease_costs_no_attempt_no_line_and_no_point(
    on_postgres: Platform, own_postgres: PostgresServer, away: str
) -> None:
    on_postgres.start(workers=2, slots=1)
    long_training = {**TRAINING, "training": {**TRAINING["training"], "report_every_steps": 1}}
    trained = on_postgres.submit(long_training)
    wait_until(lambda: on_postgres.job(trained)["reason"] == "running", within_s=90, what="the training to start")
    counted = on_postgres.command(sys.executable, "-c", COUNT.format(lines=250))
    on_postgres.wait_for_log(counted, "3\n")

    # A zygote that was slow to start on a busy machine may have cost an attempt before; the outage must cost none.
    before = {job_id: on_postgres.job(job_id)["attempt"] for job_id in (trained, counted)}
    begun_at = lines_on_disk(on_postgres, counted)
    if away == "frozen":
        own_postgres.freeze()
    else:
        own_postgres.stop()
    # A line takes a tenth of a second: this is more than a lease of twelve.
    wait_until(lambda: lines_on_disk(on_postgres, counted) >= begun_at + 150, within_s=60, what="the job to go on")
    if away == "frozen":
        own_postgres.thaw()
    else:
        own_postgres.start()
    wait_until(lambda: on_postgres.http.get(f"/jobs/{trained}").status_code == 200, what="the API to serve again")
    for job_id, attempt in before.items():
        job = on_postgres.wait(job_id, within_s=120)
        assert (job["attempt"], ends(job)[-1]) == (attempt, "succeeded"), job["attempts"]
    assert on_postgres.log(counted).split() == [str(number) for number in range(250)]
    reported = points(on_postgres, trained)
    steps = [step for series, step, _ in reported if series == "train/loss"]
    assert steps == list(range(1, len(steps) + 1))
    assert len(reported) == len({(series, step) for series, step, _ in reported})


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk small enough to fill")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_full_artifact_store_ends_the_attempt_as_storage_failed_and_the_retry_succeeds_when_there_is_room(
    platform: Platform, small_disk: Path
) -> None:
    platform.env["TRAINSHED_STORE_URL"] = str(small_disk / "store")
    platform.start(workers=1, slots=1)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(6 << 20))
    program = "import os; open(os.environ['TRAINSHED_OUTPUT_DIR'] + '/made', 'wb').write(os.urandom(4 << 20))"
    job_id = platform.command(sys.executable, "-c", program, retry={"backoff": {"initial": "2s"}})
    wait_until(lambda: "storage_failed" in ends(platform.job(job_id)), what="the store to be full")

    assert platform.http.get(f"/jobs/{job_id}/artifacts").json()["items"] == []
    assert list((small_disk / "store" / "incoming").iterdir()) == []
    filler.unlink()
    job = platform.wait(job_id)
    assert (job["state"], ends(job)[-1]) == ("succeeded", "succeeded")
    assert set(ends(job)[:-1]) == {"storage_failed"}
    assert "No space left on device" in job["attempts"][0]["message"]
    (artifact,) = platform.http.get(f"/jobs/{job_id}/artifacts").json()["items"]
    assert artifact["size"] == 4 << 20


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_full_disk_below_the_spool_ends_a_training_as_storage_failed_and_the_worker_lives(
    platform: Platform, small_disk: Path
) -> None:
    platform.env["TRAINSHED_SPOOL"] = str(small_disk / "spool")
    platform.start(workers=1, slots=1)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(7_500_000))
    endless = {**TRAINING, "retry": {"budget": {"storage_failed": 0}}, "training": {"epochs": 500}}
    job = platform.wait(platform.submit(endless), within_s=120)
    assert ends(job) == ["storage_failed"], job
    assert "No space left on device" in job["attempts"][0]["message"]
    filler.unlink()
    after = platform.wait(platform.command("true"))
    assert ends(after) == ["succeeded"]
    assert len(platform.worker_rows()) == 1
