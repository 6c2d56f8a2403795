"""A dataset's way through real processes: uploaded in parts, looked into, trained on, kept while it is needed."""

from __future__ import annotations

import hashlib
import io
import math
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.ml.made_files import mnist, write_folder
from tests.servers import wait_until
from tests.system.platform import Platform
from trainshed import Client

pytestmark = pytest.mark.timeout(240)

TRAIN = {
    "kind": "train",
    "name": "digits",
    "data": {"dataset": "digits"},
    "preprocess": [{"step": "rescale", "scale": 0.0625}, {"step": "resize", "height": 20, "width": 20}],
    "model": {"family": "image_classifier"},
    "training": {"epochs": 1, "batch_size": 64},
}


def digits_npz(padding: int) -> bytes:
    """Return the digits as an archive, made longer by an array that nobody asks for."""
    bunch = load_digits()
    file = io.BytesIO()
    random = np.random.Generator(np.random.PCG64(7)).integers(0, 256, padding, dtype=np.uint8)
    np.savez(file, x=bunch.images.astype(np.uint8), y=bunch.target, padding=random)
    return file.getvalue()


def put(platform: Platform, content: bytes, filename: str, **params: str) -> dict[str, Any]:
    answer = platform.http.put("/datasets/digits", content=content, params={"filename": filename, **params})
    assert answer.status_code == 201, answer.text
    version: dict[str, Any] = answer.json()
    return version


def test_a_dataset_is_uploaded_in_parts_profiled_trained_on_and_deleted_when_nobody_needs_it(
    platform: Platform,
) -> None:
    platform.start(workers=1, slots=2)
    http, content = platform.http, digits_npz(padding=10 << 20)
    announced = {
        "filename": "digits.npz",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    upload = http.post("/datasets/digits/uploads", json=announced).json()
    size, count = upload["part_size"], upload["part_count"]
    assert count == math.ceil(len(content) / size) == 2
    for number in (2, 1):
        part = content[(number - 1) * size : number * size]
        assert http.put(f"/uploads/{upload['id']}/parts/{number}", content=part).status_code == 200
    made = http.post(f"/uploads/{upload['id']}/complete")
    assert made.status_code == 201, made.text
    assert hashlib.sha256(http.get("/datasets/digits/versions/1/content").content).hexdigest() == announced["sha256"]

    version = lambda: http.get("/datasets/digits/versions/1").json()  # noqa: E731
    wait_until(lambda: version()["profile"] is not None, within_s=90, what="the profile")
    profile = version()["profile"]
    assert platform.wait(version()["profile_job"])["state"] == "succeeded"
    assert (profile["rows"], profile["labels"]["class_count"], profile["duplicates"]) == (1797, 10, 0)

    train = platform.submit(TRAIN)
    assert platform.job(train)["spec"]["data"]["dataset"] == "digits@1"
    refused = http.delete("/datasets/digits/versions/1")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert [job["id"] for job in refused.json()["facts"]["jobs"]] == [train]
    assert platform.wait(train)["state"] == "succeeded", platform.log(train)
    evaluate = {"kind": "evaluate", "name": "digits-test", "model": {"job": train}}
    evaluated = platform.submit(evaluate)
    assert platform.wait(evaluated)["state"] == "succeeded", platform.log(evaluated)

    assert http.delete("/datasets/digits/versions/1").status_code == 204
    assert version()["code"] == "not_found"
    late = http.post("/jobs", json=evaluate)
    assert (late.status_code, late.json()["errors"][0]["path"]) == (422, "model.job")


def pickled() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=np.array([{"a": 1}] * 3, dtype=object), y=np.arange(3))
    return file.getvalue()


def bomb() -> bytes:
    """Return an archive that says of a hundred bytes that they are a terabyte."""
    file, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 8, 8)})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(100))
    return file.getvalue()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_hostile_file_ends_typed_in_its_sandbox_and_the_api_never_opens_it(platform: Platform) -> None:
    platform.start(workers=1, slots=2)
    hostile = {
        "pickled.npz": (pickled(), "pickled"),
        "bomb.npz": (bomb(), "says it holds"),
        "model.pkl": (b"\x80\x04\x95\x00.", "a Python pickle, which is a program"),
        "table.parquet": (b"PAR1", "cannot be read: Parquet file size is 4 bytes"),
        "broken.csv": (b"x,y\n1,\xff\n", "UTF-8"),
    }
    for filename, (content, says) in hostile.items():
        version = put(platform, content, filename)
        assert platform.http.get(f"/datasets/digits/versions/{version['version']}/content").content == content
        jobs = [version["profile_job"], platform.submit({**TRAIN, "data": {"dataset": version["ref"]}})]
        for job_id in jobs:
            job = platform.wait(job_id)
            assert (job["state"], job["reason"]) == ("failed", "invalid_data"), (filename, job["message"])
            assert says in job["message"], (filename, job["message"])
        assert platform.http.get(f"/datasets/digits/versions/{version['version']}").json()["profile"] is None
    assert "numpy" not in Path(f"/proc/{platform.api.pid}/maps").read_text()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_job_reads_its_own_dataset_and_no_other_of_the_worker(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    first = put(platform, digits_npz(0), "digits.npz")
    assert platform.wait(first["profile_job"])["state"] == "succeeded"
    cached = list((platform.folder / "spool").glob(f"*/data/{first['sha256']}"))
    assert len(cached) == 1
    spy = platform.command("sh", "-c", f"cat {cached[0]} || ls {cached[0].parent} || echo refused")
    platform.wait(spy)
    assert platform.log(spy).strip().endswith("refused")


def client_of(platform: Platform) -> Client:
    return Client(f"http://127.0.0.1:{platform.port}", (platform.folder / "admin.key").read_text().strip())


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_folder_of_idx_files_is_decoded_once_for_all_jobs_and_weights_do_not_depend_on_it(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    bunch = load_digits()
    images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    parts = {"train": (images[:1500], labels[:1500]), "t10k": (images[1500:], labels[1500:])}
    folder = write_folder(platform.folder / "data" / "digits", mnist(parts))
    platform.start(workers=1, slots=1)
    with client_of(platform) as client:
        version = client.upload_dataset("digits", folder)

    trains = [platform.submit({**TRAIN, "data": {"dataset": "digits"}}) for _ in range(2)]
    from_path = platform.submit({**TRAIN, "data": {"path": str(folder)}})
    evaluate = platform.submit({"kind": "evaluate", "name": "digits-test", "model": {"job": trains[0]}})
    predict = platform.submit({"kind": "predict", "name": "p", "model": {"job": trains[0]}, "split": "test"})
    ended = [platform.wait(job) for job in (*trains, from_path, evaluate, predict)]

    assert [job["state"] for job in ended] == ["succeeded"] * 5, [job["message"] for job in ended]
    cards = [platform.http.get(f"/jobs/{job['id']}/artifacts/model.json").json() for job in ended[:3]]
    assert len({card["weights_sha256"] for card in cards}) == 1
    assert cards[0]["data"]["counts"]["test"] == 297
    decoded_by = [job["id"] for job in ended if f"{version.ref}: 1,797 examples decoded" in platform.log(job["id"])]
    assert len(decoded_by) == 1
    (decoded,) = (platform.folder / "spool").glob("*/data/decoded-*")
    assert {stat.S_IMODE(file.stat().st_mode) for file in decoded.iterdir()} == {0o440}
    platform.wait(str(version.profile_job))
    profile = platform.http.get("/datasets/digits/versions/1").json()["profile"]
    assert (profile["format"], profile["rows"], [part["rows"] for part in profile["parts"]]) == (
        "idx",
        1797,
        [1500, 297],
    )


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_job_whose_data_are_being_decoded_can_be_cancelled(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    rows = b"1," * 784
    (tmp_path / "large.csv").write_bytes((rows + b"0\n" + rows + b"1\n") * 20_000)
    platform.start(workers=1, slots=1)
    with client_of(platform) as client:
        client.upload_dataset("digits", tmp_path / "large.csv", profile=False)
    job = platform.submit({**TRAIN, "data": {"dataset": "digits"}})
    decoding = lambda: list((platform.folder / "spool").glob(f"*/{job}.1/decoding/output"))  # noqa: E731
    wait_until(decoding, within_s=60, what="the decoding to begin")

    assert platform.http.post(f"/jobs/{job}/cancel").status_code < 300
    ended = platform.wait(job)

    assert (ended["state"], ended["message"]) == ("cancelled", "Cancelled.")
    assert list((platform.folder / "spool").glob("*/data/decoded-*")) == []
    again = platform.command("true")
    assert platform.wait(again)["state"] == "succeeded"


def test_an_uploaded_table_is_trained_and_measured_on(platform: Platform) -> None:
    platform.start(workers=1, slots=1)
    rows = [
        f"{30 + number % 2 * 40 + number % 7},{'ab'[number % 3 % 2]},{number},{number % 2}" for number in range(200)
    ]
    content = "\n".join(["age,group,id,outcome", *rows]).encode()
    put(platform, content, "patients.csv")
    spec = {
        "kind": "train",
        "name": "patients",
        "data": {"dataset": "digits", "columns": {"ignore": ["id"]}},
        "model": {"family": "tabular_classifier", "positive": "1", "recall": 0.9},
        "training": {"epochs": 5, "learning_rate": 0.01},
    }
    train = platform.submit(spec)
    evaluate = platform.submit({"kind": "evaluate", "name": "patients-test", "model": {"job": train}})
    ended = [platform.wait(job) for job in (train, evaluate)]

    assert [job["state"] for job in ended] == ["succeeded"] * 2, [job["message"] for job in ended]
    assert "decoded in" not in platform.log(train) + platform.log(evaluate)
    document = platform.http.get(f"/jobs/{evaluate}/artifacts/evaluation.json").json()
    assert document["examples"] == 40
    assert document["metrics"]["accuracy"] >= 0.9
    assert document["risk"]["metrics"]["recall"] >= 0.9
