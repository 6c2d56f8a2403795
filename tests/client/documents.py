"""Bodies as the API sends them."""

from __future__ import annotations

from typing import Any

JOB_ID = "job_" + "0" * 25 + "1"
JOB_PATH = f"/api/v1/jobs/{JOB_ID}"
NOW = "2026-11-23T12:00:00Z"


def job(state: str = "running", **changes: Any) -> dict[str, Any]:
    return {
        "id": JOB_ID,
        "name": "hello",
        "kind": "command",
        "project": "default",
        "state": state,
        "reason": "running",
        "message": "",
        "labels": {},
        "priority": 0,
        "pool": "cpu",
        "attempt": 1,
        "progress": None,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": None,
        "spec": {"kind": "command", "name": "hello", "command": ["echo", "hello"]},
        "depends_on": [],
        "request": None,
        "not_before": None,
        "retry_of": None,
        "latest_metrics": {},
        "attempts": [],
        **changes,
    }


def version(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "dataset": "faces",
        "version": number,
        "ref": f"faces@{number}",
        "sha256": "0" * 64,
        "size": 5,
        "filename": "faces.npz",
        "created_by": "key_1",
        "created_at": NOW,
        "profile_job": None,
        "profile": None,
        **changes,
    }


def dataset(*versions: dict[str, Any]) -> dict[str, Any]:
    latest = versions[0] if versions else None
    return {"id": "dst_1", "name": "faces", "created_at": NOW, "latest": latest, "versions": list(versions)}


def event(seq: int, state: str = "running") -> dict[str, Any]:
    return {
        "job_id": JOB_ID,
        "seq": seq,
        "type": "start",
        "state": state,
        "reason": "running",
        "message": "",
        "actor": "worker",
        "cause": "wrk_1",
        "attempt": 1,
        "at": NOW,
    }
