"""What the API is made of while it runs. Opened and closed by the application's lifespan; handed to each operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import anyio

from api.auth.rates import Rates
from api.auth.verify import Verifier
from api.operations.intake import Intake
from api.operations.polls import Polls
from api.operations.tail import CONNECTIONS, Tail
from api.operations.telemetry import Telemetry
from api.settings import ApiSettings
from db.engine import Database, open_database
from storage import Store, open_store
from worker.dispatch import Publisher

PATIENCE_S: Final = 3.0
_REST_S: Final = 1.0
_STORE_THREADS: Final = 8


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything an operation may need."""

    settings: ApiSettings
    database: Database
    publisher: Publisher
    intake: Intake
    store: Store
    tail: Tail
    verifier: Verifier
    rates: Rates
    telemetry: Telemetry
    polls: Polls
    store_threads: anyio.CapacityLimiter
    """A slow bucket takes up these threads and no others."""


def open_parts(settings: ApiSettings) -> Parts:
    """Open the database, the publisher of hints and the store. None of them is asked anything yet."""
    database = open_database(
        settings.database_url.get_secret_value(),
        pool_size=settings.threads + CONNECTIONS + 1,  # followers and the intake have threads of their own
        patience_s=PATIENCE_S,
        rest_s=_REST_S,
    )
    publisher = Publisher(settings.broker_url.get_secret_value())
    publisher.start()
    intake = Intake(database, elastic_pools=settings.elastic_pools, hint=publisher.hint)
    intake.start()
    return Parts(
        settings=settings,
        database=database,
        publisher=publisher,
        intake=intake,
        store=open_store(settings.store_url),
        tail=Tail(database),
        verifier=Verifier(database),
        rates=Rates(requests=settings.requests_per_minute, wrong_keys=settings.wrong_keys_per_minute),
        telemetry=Telemetry(database),
        polls=Polls(database),
        store_threads=anyio.CapacityLimiter(_STORE_THREADS),
    )


def close_parts(parts: Parts) -> None:
    parts.tail.close()
    parts.intake.close()
    parts.publisher.close()
    parts.database.close()
