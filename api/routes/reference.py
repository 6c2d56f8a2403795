"""/docs: the OpenAPI description as a page on which requests can be tried out. All of it comes from this server."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from trainshed.errors import RouteNotFound

router = APIRouter(include_in_schema=False)

_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trainshed API</title>
<link rel="icon" href="/docs/favicon.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. The description itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
_STATIC: Final = files("fastapi_offline") / "static"
_TYPES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
_CACHED: Final = {"Cache-Control": "public, max-age=3600"}


@router.get("/docs", response_class=HTMLResponse)
async def page() -> Response:
    """Return the page. It asks for the key of whoever tries something out, and keeps it in the page alone."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _CSP})


@router.get("/docs/{name}")
async def asset(name: Annotated[str, Path(max_length=64)]) -> Response:
    """Return what the page is made of."""
    if name == "start.js":
        return Response(_START, headers=_CACHED, media_type="text/javascript")
    if name not in _TYPES:
        raise RouteNotFound(f"There is nothing at /docs/{name}.")
    return Response((_STATIC / name).read_bytes(), headers=_CACHED, media_type=_TYPES[name])
