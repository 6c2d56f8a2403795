"""Turns templates into answers. Everything that is put in is escaped, and nothing runs that is not a file of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.auth.principal import Principal
from api.auth.roles import Role
from api.dashboard import words
from api.dashboard.assets import VERSION, missing_libraries
from trainshed import __version__

_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Without a referrer a browser would not say either that a form comes from a page of ours.
_HEADERS: Final = {"Content-Security-Policy": _CSP, "Referrer-Policy": "same-origin"}
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(words.FILTERS)


def render(
    request: Request, template: str, who: Principal | None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """Return a page, or a part of one. `who` is None where nobody is signed in."""
    text = _ENVIRONMENT.get_template(template).render(
        assets=f"/assets/{VERSION}",
        version=__version__,
        who=who,
        may_change=who is not None and who.role.includes(Role.OPERATOR),
        may_manage=who is not None and who.role.includes(Role.ADMIN),
        path=request.url.path,
        missing=missing_libraries(),
        **context,
    )
    return HTMLResponse(text, status, _HEADERS)
