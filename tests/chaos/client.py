"""A client that keeps a history, as Jepsen's do: each submit is invoked, and is ok, failed, or of unknown outcome.

One whose outcome is unknown is sent again with the same Idempotency-Key, to whichever API answers, until it is known.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

_TIMEOUT_S: Final = 8.0
_AGAIN_S: Final = 0.3


class Unanswered(Exception):
    """No API gave an answer that says what happened."""


@dataclass(slots=True)
class History:
    """What was asked, and what came of it. `longest_answer_s` is the longest wait for any answer or error."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Identifiers of jobs by the keys they were submitted with."""
    outcomes: Counter[str] = field(default_factory=Counter)
    longest_answer_s: float = 0.0
    unclear_5xx: Counter[int] = field(default_factory=Counter)


class ChaosClient:
    """Talks to either API. Thread-safe."""

    def __init__(self, ports: list[int], key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._apis = [
            httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers, timeout=_TIMEOUT_S)
            for port in ports
        ]
        self.history = History()
        self._lock = threading.Lock()

    def close(self) -> None:
        for api in self._apis:
            api.close()

    def submit(self, document: Mapping[str, Any], *, key: str, deadline: float) -> str:
        """Submit once, however often it has to be sent. Raises `Unanswered` after `deadline` (monotonic seconds)."""
        while time.monotonic() < deadline:
            answer = self._once("POST", "/jobs", json=document, headers={"Idempotency-Key": key})
            if answer is None or answer.status_code in {409, 429, 500, 502, 503, 504}:
                self._count("info")
                time.sleep(_AGAIN_S)
                continue
            if answer.status_code not in {200, 201, 202}:
                self._count("fail")
                raise AssertionError(f"a submit was refused: {answer.status_code} {answer.text}")
            self._count("ok")
            job_id: str = answer.json()["id"]
            with self._lock:
                earlier = self.history.acknowledged.setdefault(key, job_id)
            assert earlier == job_id, f"{key} made two jobs: {earlier} and {job_id}"
            return job_id
        raise Unanswered(key)

    def get(self, path: str, *, deadline: float, **parameters: Any) -> httpx2.Response:
        """Ask until an API gives an answer of 2xx or 404."""
        while time.monotonic() < deadline:
            answer = self._once("GET", path, params=parameters)
            if answer is not None and (answer.is_success or answer.status_code == 404):
                return answer
            time.sleep(_AGAIN_S)
        raise Unanswered(path)

    def cancel(self, job_id: str) -> None:
        """Ask for it once; for jobs that are no part of the history."""
        self._once("POST", f"/jobs/{job_id}/cancel")

    def _once(self, method: str, path: str, **more: Any) -> httpx2.Response | None:
        began = time.monotonic()
        try:
            answer = random.choice(self._apis).request(method, path, **more)
        except httpx2.TransportError:
            answer = None
        with self._lock:
            self.history.longest_answer_s = max(self.history.longest_answer_s, time.monotonic() - began)
            if answer is not None and answer.status_code >= 500:
                self.history.unclear_5xx[answer.status_code] += 1
        return answer

    def _count(self, outcome: str) -> None:
        with self._lock:
            self.history.outcomes[outcome] += 1
