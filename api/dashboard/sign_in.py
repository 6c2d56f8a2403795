"""/sign-in and /sign-out: from a key, or from a link that works once, to a browser that is signed in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from api.auth.requires import AnyKey
from api.auth.session import drop_key, keep_key, key_of, require_own_page
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.dashboard.tickets import VALID_S, Tickets
from api.parts import AppParts

router = APIRouter(include_in_schema=False, route_class=PageRoute)


class SignInLink(BaseModel):
    """A link that signs a browser in, once."""

    path: str
    valid_s: float


@router.get("/sign-in")
async def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """Return the form."""
    return _form(request, _within(next))


@router.post("/sign-in")
async def sign_in(request: Request, parts: AppParts) -> Response:
    """Take a key, or a ticket, and let the browser keep the key."""
    require_own_page(request)
    fields = parse_qs((await request.body()).decode(errors="replace"), max_num_fields=8)
    target = _within(_first(fields, "next") or "/")
    ticket = _first(fields, "ticket")
    key = _tickets(request).redeem(ticket) if ticket else _first(fields, "key")
    who = await parts.verifier.verify(key) if key else None
    if key is None or who is None:
        parts.rates.note_wrong_key(request.client.host if request.client else "")
        problem = "This link has been used, or is too old." if ticket else "That is no valid key."
        return _form(request, target, problem=problem, status=401)
    answer = RedirectResponse(target, 303)
    keep_key(request, answer, key)
    return answer


@router.post("/sign-in/links")
async def make_link(request: Request, who: AnyKey) -> Response:
    """Return a link that signs a browser in as whoever asks, once and soon. For `trainshed up` and the command line."""
    # Behind the #, it is sent to no server and gets into no log on the way.
    path = f"/sign-in#ticket={_tickets(request).issue(key_of(request))}"
    return Response(SignInLink(path=path, valid_s=VALID_S).model_dump_json(), 201, media_type="application/json")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Let the browser forget the key."""
    require_own_page(request)
    answer = RedirectResponse("/sign-in", 303)
    drop_key(request, answer)
    return answer


def _form(request: Request, target: str, *, problem: str = "", status: int = 200) -> Response:
    return render(request, "sign_in.html", None, status=status, target=target, problem=problem)


def _within(target: str) -> str:
    """Return an address of this server; what leads elsewhere (//evil.example, /\\evil.example) leads to the start."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() else "/"


def _first(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0].strip()


def _tickets(request: Request) -> Tickets:
    state: Any = request.app.state
    found: Tickets = state.tickets
    return found
