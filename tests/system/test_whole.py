"""What a user does, end to end, against real processes, on both databases."""

from __future__ import annotations

import io
import sys
from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.servers import wait_until
from tests.system.platform import Platform

pytestmark = pytest.mark.timeout(180)

PYTHON = sys.executable

TRAIN = {
    "kind": "train",
    "name": "digits",
    "data": {"dataset": "builtin/digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 20, "width": 20}],
    "model": {"family": "image_classifier", "preset": "cnn_small"},
    "training": {"epochs": 1, "batch_size": 64},
}


def _unlabelled() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=load_digits().images[:3].astype(np.uint8))
    return file.getvalue()


UNLABELLED = _unlabelled()


def test_two_hundred_commands_each_run_once_and_spread_over_all_slots(platform: Platform) -> None:
    platform.start(workers=2, slots=2)
    jobs = [platform.command("echo", f"line {number}") for number in range(200)]
    wait_until(
        lambda: (
            platform.http.get("/jobs", params={"state": "succeeded", "limit": 200}).json()["items"].__len__() == 200
        ),
        within_s=120,
        what="200 jobs to succeed",
    )
    by_worker: Counter[str] = Counter()
    for number, job_id in enumerate(jobs):
        job = platform.job(job_id)
        assert [attempt["outcome"] for attempt in job["attempts"]] == ["succeeded"]
        assert platform.log(job_id) == f"line {number}\n"
        by_worker[job["attempts"][0]["worker_name"]] += 1
    assert min(by_worker["worker-1"], by_worker["worker-2"]) >= 40


def test_a_model_is_trained_measured_and_asked_by_jobs_that_were_submitted_before_it_was_there(
    platform: Platform,
) -> None:
    platform.start(workers=1, slots=2)
    train = platform.submit(TRAIN)
    evaluate = platform.submit({"kind": "evaluate", "name": "digits-test", "model": {"job": train}})
    follower = platform.submit({**TRAIN, "name": "on", "model": {**TRAIN["model"], "init_from": {"job": train}}})
    platform.http.put("/datasets/asked", content=UNLABELLED, params={"filename": "asked.npz", "profile": "false"})
    predict = platform.submit({"kind": "predict", "name": "p", "model": {"job": train}, "data": {"dataset": "asked"}})
    assert {platform.job(one)["state"] for one in (evaluate, follower, predict)} == {"blocked"}

    assert platform.wait(train)["state"] == "succeeded", platform.log(train)
    job = platform.wait(evaluate)
    assert job["state"] == "succeeded", platform.log(evaluate)

    assert 0.2 < job["latest_metrics"]["evaluation/accuracy"] <= 1
    series = {one["name"]: one["points"] for one in platform.http.get(f"/jobs/{train}/metrics").json()["series"]}
    assert [point["step"] for point in series["epoch/validation_accuracy"]] == [1]
    paths = {artifact["path"] for artifact in platform.http.get(f"/jobs/{train}/artifacts").json()["items"]}
    assert {"model.keras", "model.json", "MODEL_CARD.md"} <= paths
    assert platform.wait(follower)["state"] == "succeeded", platform.log(follower)
    assert "taken over" in platform.log(follower)
    model = platform.http.get(f"/jobs/{train}/artifacts/model.keras")
    assert model.content.startswith(b"PK")
    assert platform.wait(predict)["state"] == "succeeded", platform.log(predict)
    answers = platform.http.get(f"/jobs/{predict}/artifacts/predictions.csv").text.splitlines()
    assert answers[0].startswith("row,prediction,probability,probability_0,")
    assert [line.partition(",")[0] for line in answers[1:]] == ["0", "1", "2"]


def test_an_evaluation_ends_cancelled_when_its_training_fails(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    train = platform.submit({**TRAIN, "data": {"path": str(platform.folder / "data" / "missing.npz")}})
    evaluate = platform.submit({"kind": "evaluate", "name": "digits-test", "model": {"job": train}})
    trained = platform.wait(train)
    assert (trained["state"], trained["reason"]) == ("failed", "invalid_data")
    assert "missing.npz" in trained["message"]
    evaluated = platform.wait(evaluate)
    assert (evaluated["state"], evaluated["reason"]) == ("cancelled", "dependency_failed")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_a_command_writes_below_its_output_folder_becomes_its_artifacts(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    program = """
import os, pathlib
out = pathlib.Path(os.environ["TRAINSHED_OUTPUT_DIR"])
(out / "deep" / "er").mkdir(parents=True)
(out / "deep" / "er" / "numbers.csv").write_text("1,2\\n")
(out / "secret").symlink_to("/etc/passwd")
os.link(out / "deep" / "er" / "numbers.csv", out / "twin")
os.mkfifo(out / "pipe")
"""
    job_id = platform.command(PYTHON, "-c", program)
    job = platform.wait(job_id)
    assert job["state"] == "succeeded", platform.log(job_id)
    assert platform.http.get(f"/jobs/{job_id}/artifacts").json()["items"] == []
    left_out = " ".join(job["attempts"][0]["facts"]["artifacts_left_out"])
    assert all(name in left_out for name in ("secret", "twin", "pipe", "numbers.csv"))


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("command", "state", "reason", "words"),
    [
        (["sh", "-c", "exit 3"], "failed", "user_error", "exit code 3"),
        (["no-such-program"], "failed", "user_error", "no-such-program"),
        (["sh", "-c", "kill -SEGV $$"], "failed", "crashed", "SIGSEGV"),
        (["sleep", "60"], "failed", "timed_out", "timeout.run"),
    ],
)
def test_each_way_to_fail_has_its_reason(
    platform: Platform, command: list[str], state: str, reason: str, words: str
) -> None:
    platform.start(workers=1, slots=1)
    job_id = platform.command(*command, timeout={"run": "2s"}, retry={"budget": {"crashed": 0}})
    job = platform.wait(job_id)
    assert (job["state"], job["reason"]) == (state, reason)
    assert words in job["message"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_training_that_lacks_memory_is_tried_once_with_half_the_batch(platform: Platform) -> None:
    platform.start()
    spec = {**TRAIN, "training": {"epochs": 500, "batch_size": 64}, "resources": {"memory": "64MiB"}}
    job = platform.wait(platform.submit(spec))

    assert (job["state"], job["reason"]) == ("failed", "out_of_memory")
    whole, half = job["attempts"]
    assert whole["outcome"] == half["outcome"] == "out_of_memory"
    assert ("batch_halved" in whole["facts"], half["facts"]["batch_halved"]) == (False, 1)


def test_a_spec_too_large_for_its_job_fails_at_once_and_says_so(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    # Just within the limit of a request, and beyond that of a frame once the defaults are filled in.
    env = {f"VARIABLE_{number}": "\n" * 20_000 for number in range(26)} | {"LAST": "\n" * 3_650}
    job = platform.wait(platform.submit({**TRAIN, "env": env}))
    assert (job["state"], job["reason"]) == ("failed", "user_error")
    assert [attempt["outcome"] for attempt in job["attempts"] if attempt["charged"]] == ["user_error"]
    assert "too large" in job["message"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_command_cannot_read_the_secrets_of_its_worker(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    program = f"""
import os, pathlib
for path in ["{platform.folder}/admin.key", "/proc/{platform.workers[0].pid}/environ", "{platform.folder}/store"]:
    try:
        print(path, os.listdir(path) if os.path.isdir(path) else pathlib.Path(path).read_bytes())
    except OSError as error:
        print("refused", path)
print(sorted(name for name in os.environ if name.startswith("TRAINSHED_")))
"""
    job_id = platform.command(PYTHON, "-c", program)
    platform.wait(job_id)
    log = platform.log(job_id)
    assert log.count("refused") == 3, log
    assert "['TRAINSHED_ATTEMPT', 'TRAINSHED_JOB_ID', 'TRAINSHED_OUTPUT_DIR', 'TRAINSHED_REPORT_FILE']" in log
