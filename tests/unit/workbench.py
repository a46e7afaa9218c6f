"""The recorded hook requests, and the whole service on a workbench."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webhook_service.effects.effect import Effect, NewEffect, State
from webhook_service.effects.keeping import Counts, Store, StoreUnavailableError
from webhook_service.ory.fake import Call, FakeOry

PAYLOADS = Path(__file__).parent.parent / "payloads"
VERSIONS = ("kratos-1.3.1_hydra-2.3.0", "kratos-26.2.0_hydra-26.2.0")


class Recorded:
    """The bodies of recorded hook requests, by version and case."""

    def body(self, case: str, version: str = VERSIONS[1]) -> dict[str, Any]:
        recorded = json.loads((PAYLOADS / version / f"{case}.json").read_text())
        body: dict[str, Any] = recorded["body"]
        return body

    def bytes(self, case: str, version: str = VERSIONS[1]) -> bytes:
        return json.dumps(self.body(case, version)).encode()

    @staticmethod
    def cases(*prefixes: str) -> list[Any]:
        """Return every recorded case of the prefixes, as parameters named by their file."""
        return [
            pytest.param(path, id=f"{path.parent.name}/{path.stem}")
            for version in VERSIONS
            for path in sorted((PAYLOADS / version).glob("*.json"))
            if path.name.startswith(prefixes)
        ]


HYDRA_KEY = "hydra-hook-key-" + "h" * 24
KRATOS_KEY = "kratos-hook-key-" + "k" * 24
OPERATOR_KEY = "operator-key-" + "o" * 24
CHECK_KEY = "check-key-" + "c" * 24
KRATOS_URL = "http://kratos.test:4434"
KRATOS_PUBLIC_URL = "https://auth.example.org"
ORIGIN = "https://app.example.org"
HYDRA_URL = "http://hydra.test:4445"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A time of day that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class HeldEffects:
    """Effects in memory, where a test wants to see them: what the engine does has its own tests.

    ``pending`` is what is being ended; with ``away`` there is no database. ``store`` is what a
    test of the operator's pages wants to have asked.
    """

    accepted: list[NewEffect] = field(default_factory=list)
    pending: list[Effect] = field(default_factory=list)
    away: bool = False
    may_end: bool = False
    reads: int = 0
    seconds: list[float] = field(default_factory=list)
    store: Store | None = None

    def accept(self, effects: tuple[NewEffect, ...], seconds: float) -> frozenset[str]:
        self.seconds.append(seconds)
        if self.away:
            raise StoreUnavailableError("away")
        known = {effect.key for effect in self.accepted}
        new = [effect for effect in effects if effect.key not in known]
        self.accepted += new
        return frozenset(effect.key for effect in new)

    def endings_of(self, subject: str, seconds: float) -> tuple[Effect, ...]:
        self.reads += 1
        self.seconds.append(seconds)
        if self.away:
            raise StoreUnavailableError("away")
        return tuple(effect for effect in self.pending if effect.args.subject == subject)

    def begin(self) -> None:
        """Nothing to begin."""

    def stop(self, _seconds: float) -> bool:
        return True

    def ready(self) -> str:
        return "service.store_unavailable" if self.away else "ok"

    def ask(self, question: Any, _seconds: float) -> Any:
        """Ask the store, if there is one, else what is held here."""
        if self.away:
            raise StoreUnavailableError("away")
        return question(self.store or self)

    def counts(self) -> Counts:
        by_state = Counter((effect.kind, State.PENDING) for effect in self.accepted)
        return Counts(by_state, timedelta(seconds=3) if self.pending else None)

    def list(self, **_: Any) -> tuple[Effect, ...]:
        """Tell of none: what is held has no numbers."""
        return ()

    def show(self, _seq: int) -> None:
        """Tell of none."""

    def only(self) -> NewEffect:
        """Return the one effect that was accepted."""
        (effect,) = self.accepted
        return effect


@dataclass
class Bench:
    """The whole service on one policy, with the stand-in behind ``responses``."""

    ory: FakeOry
    clock: Clock
    app: Flask
    log: BytesIO
    client: FlaskClient
    effects: HeldEffects

    def fail(self, method: str, outcome: Exception | int) -> None:
        """Let calls of a method end with an error, or with a status."""
        real = self.ory.handle

        def handle(upstream: Any, verb: str, target: str, body: bytes = b"") -> Any:
            if verb != method:
                return real(upstream, verb, target, body)
            self.ory.calls.append(Call(upstream, verb, target))
            if isinstance(outcome, Exception):
                raise outcome
            error = {"code": outcome, "status": "", "message": ""}
            return outcome, {}, json.dumps({"error": error}).encode()

        self.ory.handle = handle  # type: ignore[method-assign]  # stands in for the stand-in

    def post(self, path: str, body: object, key: str | None = None, **headers: str) -> TestResponse:
        """Send a hook as Ory does; a key of ``None`` is the right one of the path."""
        if key is None:
            key = KRATOS_KEY if "/kratos/" in path else HYDRA_KEY
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            path,
            data=data,
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json; charset=UTF-8",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    def token(self, body: object, **headers: str) -> TestResponse:
        return self.post("/hooks/hydra/token", body, **headers)

    def settings(self, body: object, method: str = "password", **headers: str) -> TestResponse:
        return self.post(f"/hooks/kratos/settings/{method}", body, **headers)

    def login(self, body: object, method: str = "password", **headers: str) -> TestResponse:
        return self.post(f"/hooks/kratos/login/{method}", body, **headers)

    def check(self, **asked: Any) -> TestResponse:
        """Ask as a backend does."""
        return self.post("/check", asked, key=CHECK_KEY)

    def at_gateway(self, key: str | None = CHECK_KEY, **headers: str) -> TestResponse:
        """Ask as a gateway does, of a request with these headers."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["X-Check-Key"] = key
        # Without a jar of its own: the cookie is that of the request at the gateway.
        return self.app.test_client(use_cookies=False).get("/check", headers=sent)

    def cookie_of(self, session_id: str) -> str:
        """Give a browser a session: return the ``Cookie`` header that it sends from then on."""
        return f"theme=dark; ory_kratos_session={self.ory.kratos_public.cookie_of(session_id)}"

    def lines(self) -> list[dict[str, Any]]:
        """Return the log so far, line by line."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def record(self) -> dict[str, Any]:
        """Return the last decision record."""
        return [line for line in self.lines() if line["message"] == "decision"][-1]

    def calls(self) -> list[str]:
        """Return the calls upstream so far: ``GET /admin/sessions/…``."""
        return [f"{call.method} {call.target}" for call in self.ory.calls]


BenchMaker = Callable[..., Bench]
