"""Asks the API process for pages as a signed-in browser does: on one connection that stays open, with its cookie."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode

from tests.api.process import ApiProcess


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, and milliseconds from the request to its first byte and to its last."""

    text: str
    first_byte_ms: float
    whole_ms: float


class SignedIn:
    """A browser that is signed in with the key of the process."""

    def __init__(self, api: ApiProcess) -> None:
        self._connection = HTTPConnection("127.0.0.1", api.port, timeout=60)
        form = urlencode({"key": api.key, "next": "/jobs"})
        origin = f"http://127.0.0.1:{api.port}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        self._connection.request("POST", "/sign-in", body=form, headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 303, answer.status
        self._cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def get(self, path: str) -> Answer:
        """Read one page to its end."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Cookie": self._cookie, "Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        first = answer.read(1)
        first_byte_ms = (time.perf_counter() - began) * 1000
        text = (first + answer.read()).decode()
        whole_ms = (time.perf_counter() - began) * 1000
        _require_page(answer, path)
        return Answer(text, first_byte_ms, whole_ms)

    def close(self) -> None:
        self._connection.close()


def _require_page(answer: HTTPResponse, path: str) -> None:
    # Who is not signed in is led elsewhere, which would be fast.
    assert answer.status < 400, f"{path}: {answer.status}"
    assert answer.headers.get("Location", "/jobs") == "/jobs", f"{path} leads to {answer.headers['Location']}"
