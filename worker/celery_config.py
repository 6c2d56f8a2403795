"""How Celery is set up. It carries wake-ups and nothing else; see docs/decisions/0001-the-row-is-the-queue.md."""

from __future__ import annotations

from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

HINT_TASK: Final = "trainshed.hint"
_KEY_PREFIX: Final = "trainshed:"
_QUEUE_PREFIX: Final = "pool."


def queue_of(pool: str) -> str:
    """Return the name of the Celery queue whose messages wake the workers of `pool`."""
    return _QUEUE_PREFIX + pool


def broker_key_of(pool: str) -> str:
    """Return the key of the list in which the hints for `pool` wait."""
    return _KEY_PREFIX + queue_of(pool)


def broker_client(broker_url: str) -> Redis:
    """Return a connection beside Celery's, that says at once when the broker does not answer."""
    url = broker_url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=3, retry=Retry(NoBackoff(), 0))


def celery_settings(broker_url: str, *, remote_control: bool = False) -> dict[str, Any]:
    """Return the Celery configuration for `broker_url` (any Redis or Valkey)."""
    return {
        "broker_url": broker_url,
        "broker_transport": "worker.hint_transport:HintTransport",
        # A broker that is away is no reason to stop: the poller finds work without it.
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # Without timeouts a publish or a poll hangs for ever on a frozen broker.
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "retry_on_timeout": False,
            "health_check_interval": 10,
            "global_keyprefix": _KEY_PREFIX,
            "client_name": "trainshed",
        },
        # Early acknowledgement: nothing is held in the broker while a job runs, so nothing is delivered twice.
        "task_acks_late": False,
        # Whether a hint is taken is for `worker.app` to say: by the slots, of which Celery does not know all.
        "worker_disable_prefetch": False,
        "worker_prefetch_multiplier": 1,
        "worker_enable_prefetch_count_reduction": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # State is in the database.
        "task_ignore_result": True,
        "result_backend": None,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "event_serializer": "json",
        "task_publish_retry": False,
        "worker_pool": "threads",
        "worker_enable_remote_control": remote_control,
        "worker_send_task_events": remote_control,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
    }
