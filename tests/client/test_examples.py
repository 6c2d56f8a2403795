"""Every example in the docstrings of the client runs as it stands, against real processes on both databases."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.client.examples import Example, examples, public_calls
from trainshed import Client

HELLO = {"kind": "command", "name": "hello", "command": ["echo", "hello"]}
NOWHERE = {**HELLO, "name": "waiting", "resources": {"pool": "nobody-serves-it"}}


def test_every_call_of_the_client_has_an_example() -> None:
    shown = {example.owner for example in examples()}

    assert [name for name in public_calls(Client) if name != "close" and f"Client.{name}" not in shown] == []


@pytest.mark.timeout(180)
def test_every_example_runs(real: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("faces.npz", "notes.md", "model.keras"):
        (folder / name).write_bytes(name.encode())

    failures = [failure for example in examples() if (failure := _failure(example, real))]

    assert not failures, "\n\n".join(failures)


def _failure(example: Example, client: Client) -> str | None:
    try:
        exec(compile(example.code, example.owner, "exec"), _world(example, client))
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        return f"{example.owner}:\n{example.code}\n{traceback.format_exc(limit=-3)}"
    return None


def _world(example: Example, client: Client) -> dict[str, Any]:
    """What the examples speak of: `client`, a `job` that has finished, one that is `waiting`, and the dataset faces."""
    world: dict[str, Any] = {"client": client}
    if "job" in example.code:  # its examples need a worker
        world["job"] = client.run(HELLO, timeout_s=60)
        client.upload_artifact(world["job"].id, "model.keras")
    if "waiting" in example.code:
        world["waiting"] = client.submit(NOWHERE)
    if "faces" in example.code:
        version = client.upload_dataset("faces", "faces.npz")
        if version.profile_job is not None:
            client.wait(version.profile_job, timeout_s=60)
    return world
