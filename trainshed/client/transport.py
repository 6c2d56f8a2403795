"""HTTP with patience: what may be repeated is repeated, and every failure becomes one of `trainshed.errors`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from trainshed import __version__
from trainshed.client.files import FileBody
from trainshed.client.patience import Patience
from trainshed.client.problems import error_from, retry_after_s, unexpected
from trainshed.config import Server
from trainshed.errors import TrainshedError, Unreachable

_PASSING: Final = frozenset({429, 502, 503, 504})
"""Answers that say nothing was done and the next try may succeed."""

Params = Mapping[str, str | int | Sequence[str] | None]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    params: Params | None = None
    headers: Mapping[str, str] | None = None
    content: bytes | FileBody | None = None
    patience_s: float = 0.0
    """How long the server may think on purpose (a long poll), beside the usual timeout."""
    accepts: frozenset[int] = frozenset()
    """Statuses that are an answer here, beside those of success."""


class Transport:
    """Sends calls to one server. `timeout_s` bounds each silence of the server."""

    def __init__(self, server: Server, *, timeout_s: float, patience: Patience) -> None:
        self.patience = patience
        self._server = server
        self._timeout_s = timeout_s
        self._http = httpx2.Client(
            base_url=server.url,
            headers=_headers(server),
            timeout=timeout_s,
            # A proxy of the environment does not reach this machine's own loopback.
            trust_env=not server.is_local,
            # Loading certificates takes 0.1 s, and plain HTTP uses none.
            verify=server.url.startswith("https"),
        )

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._server.url

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, model: type[M], *, params: Params | None = None) -> M:
        """Ask for `path` and read the answer as `model`."""
        return read(self.send_repeatedly(Call("GET", path, params)), model)

    def send_repeatedly(self, call: Call) -> httpx2.Response:
        """Send a call that may be repeated without harm, until it is answered or patience ends."""
        tries = self.patience.start()
        while True:
            try:
                return self.send(call)
            except Passing as passing:
                if not tries.wait(at_least_s=passing.retry_after_s):
                    raise passing.error from passing.__cause__

    def send_once(self, call: Call) -> httpx2.Response:
        """Send a call that must not be repeated blindly."""
        try:
            return self.send(call)
        except Passing as passing:
            raise passing.error from passing.__cause__

    def send(self, call: Call) -> httpx2.Response:
        """Send a call one time. Raises `Passing` for what another try may cure."""
        with self.stream(call) as response:
            response.read()
            return response

    @contextmanager
    def stream(self, call: Call) -> Iterator[httpx2.Response]:
        """Send a call and leave the body to be read. Raises `Passing`, also when the connection breaks on the way."""
        try:
            with self._http.stream(
                call.method,
                call.path,
                params=_present(call.params),
                headers=_headers_of(call),
                content=call.content,
                timeout=httpx2.Timeout(self._timeout_s, read=self._timeout_s + call.patience_s),
            ) as response:
                _check(response, call)
                yield response
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise Passing(self._unreachable(error)) from error

    def _unreachable(self, error: httpx2.TransportError | httpx2.DecodingError) -> Unreachable:
        why = str(error) or type(error).__name__
        if isinstance(error, httpx2.TimeoutException):
            why = f"no answer within {self._timeout_s:g} s"
        return Unreachable(f"No server answers at {self._server.url}: {why}.", facts={"url": self._server.url})


class Passing(Exception):
    """What another try may cure; `error` is what to raise when there is none. Never leaves the client."""

    def __init__(self, error: TrainshedError, *, retry_after_s: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after_s = retry_after_s


def read(response: httpx2.Response, model: type[M]) -> M:
    """Read a body. Raises `UnexpectedAnswer` when it is anything else."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        why = f"no {model.__name__} ({where}: {first['msg']})" if where else f"no {model.__name__}"
        raise unexpected(response, why) from error


def _check(response: httpx2.Response, call: Call) -> None:
    if response.is_success or response.status_code in call.accepts:
        return
    response.read()
    error = error_from(response)
    if response.status_code in _PASSING:
        raise Passing(error, retry_after_s=retry_after_s(response))
    raise error


def _headers(server: Server) -> dict[str, str]:
    headers = {"User-Agent": f"trainshed/{__version__}", "Accept": "application/json"}
    return headers | ({"Authorization": f"Bearer {server.token}"} if server.token else {})


def _headers_of(call: Call) -> dict[str, str]:
    length = {"Content-Length": str(call.content.size)} if isinstance(call.content, FileBody) else {}
    return {**(call.headers or {}), **length}


def _present(params: Params | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None}
