"""What FastAPI alone costs: the same answers from routes that do nothing else. `python -m bench.bare PORT DOCUMENT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Spec(BaseModel):
    kind: str
    name: str
    command: list[str]


def bare_app(document: dict[str, Any]) -> FastAPI:
    app = FastAPI()

    @app.get("/job")
    async def get() -> dict[str, Any]:
        return document

    @app.post("/jobs", status_code=202)
    async def create(spec: Spec) -> dict[str, Any]:
        return document

    return app


if __name__ == "__main__":
    uvicorn.run(
        bare_app(json.loads(Path(sys.argv[2]).read_text())),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
    )
