"""`make docs`: writes the pages that are derived from code. A test fails when one of them is out of date."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import create_app
from api.settings import ApiSettings
from docs.cli_page import cli_page
from docs.proofs_page import proofs_page
from docs.steps_page import steps_page
from trainshed.errors import BY_CODE, CLIENT_SIDE
from trainshed.outcomes import ADVICE
from trainshed.specs import json_schema

DOCS = Path(__file__).resolve().parent


def pages() -> dict[str, str]:
    """Return the content of each derived page by its name."""
    return {
        "job.schema.json": _json(json_schema()),
        "openapi.json": _json(create_app(ApiSettings()).openapi()),
        "errors.md": errors_page(),
        "cli.md": cli_page(),
        "proofs.md": proofs_page(),
        "steps.md": steps_page(),
    }


def errors_page() -> str:
    """Return the catalogue of errors, from the classes themselves."""
    lines = [
        "# Errors",
        "",
        "Every error has a stable `code`. Over REST it comes with its status as `application/problem+json`; from the",
        "Python client it is an exception of the class. Those without a status arise in the client.",
        "",
        "| code | status | class | what happened | what to do |",
        "|---|---|---|---|---|",
    ]
    for code, error in sorted(BY_CODE.items(), key=lambda item: (item[1].status, item[0])):
        status = "" if error in CLIENT_SIDE else str(error.status)
        lines.append(f"| `{code}` | {status} | `{error.__name__}` | {error.title} | {error.remedy} |")
    lines += [
        "",
        "## Why a job did not succeed",
        "",
        "`trainshed job explain` says the same of a job, with the lines of its log that tell most.",
        "",
        "| reason | what it means | what to try |",
        "|---|---|---|",
    ]
    lines += [f"| `{reason}` | {advice.meaning} | {' '.join(advice.remedies)} |" for reason, advice in ADVICE.items()]
    return "\n".join(lines) + "\n"


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, content in pages().items():
        (DOCS / name).write_text(content)
