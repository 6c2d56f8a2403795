"""How server processes log: one line an event, to stderr, as JSON (or for people, when stderr is a terminal).

It has nothing to do with the database; `db` is the lowest package that all server processes share.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET: Final = re.compile(r"(://[^:/@\s]*:)[^@\s/]+(?=@)|\b(trs_[0-9a-z]+_)[0-9A-Za-z_-]+")


def set_up_logs() -> None:
    """Send structlog's and the standard library's events the same way. TRAINSHED_LOG_LEVEL sets the level."""
    level = os.environ.get("TRAINSHED_LOG_LEVEL", "INFO").upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    for_people = sys.stderr.isatty()
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if for_people:
        # A plain traceback: the pretty one prints local variables, and those hold keys.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        last += [structlog.processors.format_exc_info, mask_secrets, renderer]
    else:
        last += [structlog.processors.format_exc_info, mask_secrets, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic.runtime").setLevel(logging.WARNING)  # speaks at each look at the schema


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Blot out passwords in addresses and the secret part of API keys, wherever they stand."""
    return {key: _masked(value) if isinstance(value, str) else value for key, value in event.items()}


def _masked(text: str) -> str:
    return _SECRET.sub(lambda match: f"{match[1] or match[2]}***", text)
