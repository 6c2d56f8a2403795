"""`trainshed token`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from trainshed.cli import completion
from trainshed.cli.cells import local_time
from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.options import Yes, confirm
from trainshed.cli.output import Column, Format, View, print_one, print_rows
from trainshed.cli.times import seconds

if TYPE_CHECKING:
    from datetime import datetime

    from trainshed.wire import NewToken, Token

_SCOPES: Final = (
    *("jobs:read", "jobs:write", "datasets:read", "datasets:write", "workers:read", "workers:write"),
    *("tokens:write", "retention:read", "retention:write"),
)


def _scopes() -> list[str]:
    return [*_SCOPES]


TokenId = Annotated[str, typer.Argument(metavar="TOKEN", help="Identifier.", autocompletion=completion.tokens)]
TokenIds = Annotated[
    list[str], typer.Argument(metavar="TOKEN...", help="Identifiers.", autocompletion=completion.tokens)
]
Role = Annotated[Literal["viewer", "operator", "admin"], typer.Option("--role", help="What it may do.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", help="Allow this alone, like jobs:read. May be given several times.", autocompletion=_scopes
    ),
]


def _when(at: datetime | None) -> str | None:
    return None if at is None else local_time(at)


def _allowed(token: Token) -> str | None:
    return None if token.scopes is None else ",".join(token.scopes)


_COLUMNS: Final[tuple[Column[Any], ...]] = (
    Column("ID", lambda token: token.id, width=30),
    Column("NAME", lambda token: token.name),
    Column("ROLE", lambda token: token.role),
    Column("SCOPES", _allowed),
    Column("CREATED", lambda token: token.created_at),
    Column("EXPIRES", lambda token: token.expires_at, shown=lambda token: _when(token.expires_at)),
    Column("REVOKED", lambda token: token.revoked_at, shown=lambda token: _when(token.revoked_at)),
    Column("USED", lambda token: token.last_used_at),
)
TOKENS: Final[View[Token]] = View(lambda token: token.id, _COLUMNS)
NEW: Final[View[NewToken]] = View(lambda token: token.key, (Column("KEY", lambda token: token.key), *_COLUMNS))


def list_tokens(context: typer.Context) -> None:
    """List the tokens of the project, without their keys."""
    invoked = invocation(context)
    with invoked.client() as client:
        print_rows(client.tokens(), TOKENS, invoked.form)


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Role = "operator",
    scopes: Scopes = None,
    expires_in: Annotated[
        float | None,
        typer.Option("--expires-in", parser=seconds, metavar="TIME", help="Like 12h or 30d. Default: never."),
    ] = None,
) -> None:
    """Make a token. Its key is shown this once; with -q it alone is printed."""
    invoked = invocation(context)
    with invoked.client() as client:
        _show(invoked, client.create_token(name, role=role, scopes=scopes, expires_in=expires_in))


def rotate(
    context: typer.Context,
    token: TokenId,
    overlap: Annotated[
        float | None, typer.Option("--overlap", parser=seconds, metavar="TIME", help="Both are good so long: 1h.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Make a token in the place of another. Its key is shown this once.

    Without --overlap the old key ends at once, so that is asked.
    """
    invoked = invocation(context)
    if not overlap:
        confirm(f"end the old key of {token} at once", yes=yes)
    with invoked.client() as client:
        _show(invoked, client.rotate_token(token, overlap=overlap))


def revoke(context: typer.Context, tokens: TokenIds, yes: Yes = False) -> None:
    """End tokens. Whoever uses them is refused within a second."""
    invoked = invocation(context)
    confirm(f"end {', '.join(tokens)} for good", yes=yes)
    with invoked.client() as client:
        for token in tokens:
            client.revoke_token(token)
            invoked.note(f"Revoked {token}")


def _show(invoked: Invocation, token: NewToken) -> None:
    print_one(token, NEW, invoked.form)
    if invoked.form.format is not Format.NAME:
        invoked.note("Keep the key now: it is not shown again.")
