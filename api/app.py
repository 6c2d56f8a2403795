"""Puts the application together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio.to_thread
from fastapi import FastAPI

from api.auth.issue import ensure_admin_key
from api.body_limit import BodyLimit, Room
from api.dashboard import ROUTERS as PAGES
from api.dashboard.tickets import Tickets
from api.description import Application
from api.edge import Edge
from api.hosts import HostCheck
from api.operations.parts import close_parts, open_parts
from api.problems import HANDLERS
from api.routes import (
    artifacts,
    datasets,
    events,
    explain,
    jobs,
    logs,
    metrics,
    probes,
    project_events,
    reference,
    retention,
    tokens,
    uploads,
    workers,
)
from api.settings import ApiSettings
from trainshed import __version__

_DESCRIPTION = "Submit machine learning jobs, watch them, and fetch what they made."


def create_app(settings: ApiSettings) -> FastAPI:
    """Return the application. What it needs is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        parts = open_parts(settings)
        app.state.parts = parts
        tail = asyncio.create_task(parts.tail.run(), name="tail")
        try:
            if settings.admin_key_file is not None:
                await anyio.to_thread.run_sync(ensure_admin_key, parts.database, settings.admin_key_file)
            yield
        finally:
            tail.cancel()
            with suppress(asyncio.CancelledError):
                await tail
            await anyio.to_thread.run_sync(close_parts, parts)

    app = Application(
        title="Trainshed",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=dict[Any, Any](HANDLERS),
    )
    app.state.tickets = Tickets()
    _add_routes(app)
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimit, room=Room(settings.max_body_bytes, settings.max_batch_bytes, settings.max_upload_bytes)
    )
    app.add_middleware(HostCheck, hosts=settings.hosts)
    app.add_middleware(Edge)
    return app


def _add_routes(app: FastAPI) -> None:
    """Put all routes into one list: a router that is included is searched twice for each request."""
    # Jobs first, because they are asked for most.
    modules = (jobs, explain, logs, metrics, events, artifacts, datasets, uploads, project_events, workers, tokens)
    for module in (*modules, retention, probes, reference):
        app.router.routes.extend(module.router.routes)
    app.router.routes.extend(uploads.of_datasets.routes)
    for pages in PAGES:
        app.router.routes.extend(pages.routes)
