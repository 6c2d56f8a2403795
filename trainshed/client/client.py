"""The client of the REST API."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from trainshed.client.control import ControlCalls
from trainshed.client.datasets import DatasetCalls
from trainshed.client.jobs import JobCalls
from trainshed.client.patience import Patience
from trainshed.client.transport import Call, Transport, read
from trainshed.client.unfinished import Unfinished, state_folder
from trainshed.config import Server, find_server
from trainshed.wire import Readiness, Version


class Client(JobCalls, DatasetCalls, ControlCalls):
    """Talks to a Trainshed server.

        from trainshed import Client

        with Client() as client:
            job = client.submit({"kind": "command", "name": "hello", "command": ["echo", "hello"]})
            for chunk in job.logs():
                print(chunk.decode(errors="replace"), end="")
            job = job.wait(raise_on_failure=True)

    Without arguments it finds its server as `trainshed.config` says: TRAINSHED_URL and TRAINSHED_TOKEN, a context, or
    the `.trainshed/` folder of a local server. What may be repeated without harm is repeated while the server does not
    answer, as `patience` says; everything else is sent once. All methods raise `trainshed.errors.TrainshedError`: what
    the server answered (`error.problem`), `Unreachable`, or `UnexpectedAnswer`. One client may be used by several
    threads.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        context: str | None = None,
        timeout_s: float = 10.0,
        patience: Patience | None = None,
    ) -> None:
        """`timeout_s` bounds each silence of the server. Raises `NotConfigured` when no server is known."""
        self.server: Server = find_server(url, token, context=context, environ=os.environ, cwd=Path.cwd())
        self._transport = Transport(self.server, timeout_s=timeout_s, patience=patience or Patience())
        self._unfinished = Unfinished(state_folder(os.environ))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """A copy of a job goes through the same client: connections are shared, not copied."""
        return self

    def close(self) -> None:
        """Close its connections. The client cannot be used afterwards."""
        self._transport.close()

    def health(self) -> Readiness:
        """Return whether the server can do its work, and what is wrong if not.

            print(client.health().ready)

        Needs no key. It asks once.
        """
        return read(self._transport.send_once(Call("GET", "/readyz", accepts=frozenset({503}))), Readiness)

    def version(self) -> Version:
        """Return the version of the server.

            print(client.version().version)

        Needs no key.
        """
        return self._transport.get("/version", Version)
