"""Calls for whoever runs the platform: workers, tokens, retention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from trainshed import wire
from trainshed.client.addresses import API, token_path, worker_path
from trainshed.client.calls import Calls
from trainshed.client.documents import json_of
from trainshed.client.transport import Call, read

_JSON: Final = {"Content-Type": "application/json"}
_TOKENS: Final = f"{API}/tokens"
_RETENTION: Final = f"{API}/retention"


class ControlCalls(Calls):
    """Workers, tokens and retention."""

    def workers(self) -> tuple[wire.Worker, ...]:
        """Return the workers that the server knows.

            for worker in client.workers():
                print(worker.name, worker.state, worker.busy, worker.slots)

        Those that are gone are among them for a while.
        """
        return self._transport.get(f"{API}/workers", wire.WorkerList).items

    def drain_worker(self, worker_id: str) -> wire.Worker:
        """Let a worker take no new job; it goes on with those it has.

            for worker in client.workers():
                client.drain_worker(worker.id)
                client.resume_worker(worker.id)

        Needs the role admin.
        """
        # It sets a switch: once more changes nothing.
        return read(self._transport.send_repeatedly(Call("POST", f"{worker_path(worker_id)}/drain")), wire.Worker)

    def resume_worker(self, worker_id: str) -> wire.Worker:
        """Let a drained worker take jobs again.

            client.resume_worker(client.workers()[0].id)

        Needs the role admin.
        """
        # As drain.
        return read(self._transport.send_repeatedly(Call("POST", f"{worker_path(worker_id)}/resume")), wire.Worker)

    def tokens(self) -> tuple[wire.Token, ...]:
        """Return the tokens of the project, without their keys.

            print([token.name for token in client.tokens() if token.revoked_at is None])

        Needs the role admin.
        """
        return self._transport.get(_TOKENS, wire.TokenList).items

    def create_token(
        self,
        name: str,
        *,
        role: str = "operator",
        scopes: Iterable[str] | None = None,
        expires_in: str | float | None = None,
    ) -> wire.NewToken:
        """Make a token. Its `key` is shown this once. Raises `Forbidden` for more than your own token may do.

            token = client.create_token("ci", scopes=["jobs:read", "jobs:write"], expires_in="30d")
            print(token.id, token.expires_at)

        `expires_in` is like `12h` or `30d`, or in seconds; None: never. It is sent once: after a lost answer look at
        `tokens()` and revoke the one whose key nobody saw.
        """
        wanted = {"name": name, "role": role, "scopes": None if scopes is None else [*scopes], "expires_in": expires_in}
        document = {key: value for key, value in wanted.items() if value is not None}
        return self._new_token(_TOKENS, document)

    def rotate_token(self, token_id: str, *, overlap: str | float | None = None) -> wire.NewToken:
        """Make a token in the place of another, which ends after `overlap`, like `1h`, or at once.

            token = client.create_token("ci", role="viewer")
            token = client.rotate_token(token.id, overlap="1h")

        It is sent once, as `create_token`.
        """
        return self._new_token(f"{token_path(token_id)}/rotate", {} if overlap is None else {"overlap": overlap})

    def revoke_token(self, token_id: str) -> None:
        """End a token. The server stops taking it within a second.

            client.revoke_token(client.create_token("ci", role="viewer").id)

        It is sent once.
        """
        self._transport.send_once(Call("DELETE", token_path(token_id)))

    def whoami(self) -> wire.Whoami:
        """Return project, role and scopes of the key.

            print(client.whoami().role)

        Every key may ask.
        """
        return self._transport.get(f"{API}/whoami", wire.Whoami)

    def retention(self) -> wire.RetentionPolicy:
        """Return how long the project keeps jobs, logs and artifacts.

            print(client.retention().jobs_age_s)

        None stands for ever.
        """
        return self._transport.get(_RETENTION, wire.RetentionPolicy)

    def set_retention(self, policy: Mapping[str, Any]) -> wire.RetentionPolicy:
        """Replace how long the project keeps jobs, logs and artifacts. What is left out is kept for ever.

            client.set_retention({"jobs_age": "90d", "artifacts_count": 100})

        The keys are `jobs_age`, `jobs_count`, and the same for `logs` and `artifacts`; an age is like `90d`, or in
        seconds. Try it with `retention_dry_run` first: what a policy removes is gone.
        """
        # It replaces the whole policy: the same one once more changes nothing.
        call = Call("PUT", _RETENTION, headers=_JSON, content=json_of(dict(policy)))
        return read(self._transport.send_repeatedly(call), wire.RetentionPolicy)

    def retention_dry_run(self, policy: Mapping[str, Any] | None = None) -> wire.RetentionReport:
        """Return what `policy`, by default the present one, would remove now.

            print(client.retention_dry_run({"jobs_age": "90d"}).jobs.jobs)

        Nothing is removed.
        """
        call = Call("POST", f"{_RETENTION}/dry-run")
        if policy is not None:
            call = Call("POST", f"{_RETENTION}/dry-run", headers=_JSON, content=json_of(dict(policy)))
        return read(self._transport.send_repeatedly(call), wire.RetentionReport)

    def _new_token(self, path: str, document: dict[str, Any]) -> wire.NewToken:
        call = Call("POST", path, headers=_JSON, content=json_of(document))
        return read(self._transport.send_once(call), wire.NewToken)
