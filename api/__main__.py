"""`python -m api`: the control plane, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import gc
import signal
import socket
from typing import Final

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.settings import ApiSettings
from db.logs import set_up_logs

_GRACE_S: Final = 4


class Server(uvicorn.Server):
    """Ends streams and long polls first when it shuts down; uvicorn would wait for them."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.parts.tail.close()
        await super().shutdown(sockets)


def main() -> None:
    set_up_logs()
    # uvicorn takes these over while it runs, and raises what it got once more after it has shut down in order. Nobody
    # is left to tell by then, and the exit code shall be 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    settings = ApiSettings()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    _spare_the_collector()
    Server(app, config).run()


def _spare_the_collector() -> None:
    """What was imported stays. To look through it again and again took half the time of a batch of jobs."""
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
