"""How a route gets at the parts of its application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api.operations.parts import Parts


async def parts_of(request: Request) -> Parts:
    """Return the parts of the application that got the request."""
    found: Parts = request.app.state.parts
    return found


AppParts = Annotated[Parts, Depends(parts_of)]
