"""A route whose errors are pages: whoever is not signed in is led to sign in, and all else says what to do next."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from api.dashboard.rendering import render
from db.engine import DatabaseUnavailable
from trainshed.errors import NotFound, TrainshedError, Unauthenticated, Unavailable

log = structlog.get_logger(__name__)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """What a page's route is made of."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Unauthenticated:
                return _to_sign_in(request)
            except DatabaseUnavailable as error:
                log.warning("database.unavailable", error=str(error))
                return _error_page(request, Unavailable("The database does not answer."))
            except TrainshedError as error:
                if error.status >= 500:
                    log.exception("page.failed", code=error.code, detail=error.detail)
                    return _error_page(request, type(error)(f"{error.title}."))
                return _error_page(request, error)

        return handled


def _to_sign_in(request: Request) -> Response:
    """A part of a page cannot be redirected by itself: htmx is told to lead the whole page there."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/sign-in?next={quote(request.url.path + query, safe='')}", 303)


def _error_page(request: Request, error: TrainshedError) -> Response:
    title = "Not here" if isinstance(error, NotFound) else error.title
    return render(request, "error.html", None, status=error.status, title=title, error=error)
