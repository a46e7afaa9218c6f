"""The one stand-in for Kratos and Hydra: in unit tests, and in the ``sandbox`` command.

It answers their admin APIs out of memory, as ``tests/contract`` verifies against the real
ones. In a test::

    ory = FakeOry(clock=lambda: now)
    ada = ory.kratos.add_identity({"email": "ada@example.org"})
    session = ory.kratos.sign_in(ada, "password", "totp")
    with ory.serve() as served:
        kratos = Kratos(Transport("kratos", served.kratos.url))
        ory.break_calls("kratos", hang, method="PATCH")

Uses the standard library alone, so that nothing of a test environment is needed to run it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias

from webhook_service.ory.fake.answers import Answer
from webhook_service.ory.fake.faults import Fault
from webhook_service.ory.fake.hydra import FakeHydra
from webhook_service.ory.fake.kratos import FakeKratos, utc_now
from webhook_service.ory.fake.kratos_public import FakeKratosPublic
from webhook_service.ory.fake.server import Listener, listening

AdminApi: TypeAlias = Literal["kratos", "hydra"]
Upstream: TypeAlias = AdminApi | Literal["kratos_public"]

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the stand-in. ``target`` is the path with its query."""

    upstream: Upstream
    method: str
    target: str


@dataclass(slots=True)
class _Breakage:
    upstream: Upstream
    fault: Fault
    method: str | None
    times: int | None


@dataclass(frozen=True, slots=True)
class Served:
    """The stand-in while it listens: ``kratos.url`` and ``hydra.url`` are the admin APIs."""

    kratos: Listener
    hydra: Listener
    kratos_public: Listener


class Mock(Protocol):
    """The part of ``responses`` that ``mount`` needs."""

    def add_callback(self, method: str, url: re.Pattern[str], callback: Any) -> object:  # noqa: ANN401  responses' own type
        """Register an answer."""
        ...


class FakeOry:
    """Kratos and Hydra out of memory.

    Args:
        clock: the time of day, aware; a test gives its own.
        lifespan, earliest_possible_extend, faster_session_extend: Kratos' settings of these
            names, see ``FakeKratos``.
        revokes_chains: whether Hydra is of a version that revokes one chain, see ``FakeHydra``.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        lifespan: timedelta = DAY,
        earliest_possible_extend: timedelta | None = None,
        faster_session_extend: bool = False,
        revokes_chains: bool = True,
    ) -> None:
        self.kratos = FakeKratos(
            clock, lifespan, earliest_possible_extend, faster_session_extend=faster_session_extend
        )
        self.kratos_public = FakeKratosPublic(self.kratos)
        self.hydra = FakeHydra(clock, self._end_session, revokes_chains=revokes_chains)
        self.calls: list[Call] = []
        self._breakages: list[_Breakage] = []
        self._lock = threading.Lock()

    def handle(self, upstream: AdminApi, method: str, target: str, body: bytes = b"") -> Answer:
        """Answer one request, and keep it in ``calls``."""
        with self._lock:
            self.calls.append(Call(upstream, method, target))
            api = self.kratos if upstream == "kratos" else self.hydra
            return api.handle(method, target, body)

    def handle_public(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request to Kratos' public API, where headers count; keep it in ``calls``."""
        with self._lock:
            self.calls.append(Call("kratos_public", method, target))
            return self.kratos_public.handle(target, headers)

    def break_calls(
        self,
        upstream: Upstream,
        fault: Fault,
        *,
        method: str | None = None,
        times: int | None = None,
    ) -> None:
        """Let calls of ``serve`` go wrong: all, those of a method, or only the next few."""
        with self._lock:
            self._breakages.append(_Breakage(upstream, fault, method, times))

    def heal(self) -> None:
        """Let every call go right again."""
        with self._lock:
            self._breakages.clear()

    @contextmanager
    def serve(self, *, kratos_port: int = 0, hydra_port: int = 0) -> Iterator[Served]:
        """Listen on 127.0.0.1 until the block ends; port 0 is any free one."""
        with (
            self._listening("kratos", kratos_port) as kratos,
            self._listening("hydra", hydra_port) as hydra,
            self._listening("kratos_public", 0) as kratos_public,
        ):
            yield Served(kratos, hydra, kratos_public)

    def mount(
        self, mock: Mock, *, kratos_url: str, hydra_url: str, kratos_public_url: str | None = None
    ) -> None:
        """Answer behind ``responses``, at these URLs. Faults are for sockets and stay out."""
        if kratos_public_url is not None:
            mock.add_callback(
                "GET",
                re.compile(re.escape(kratos_public_url)),
                lambda asked: self.handle_public("GET", asked.path_url, asked.headers),
            )
        addresses: list[tuple[AdminApi, str]] = [("kratos", kratos_url), ("hydra", hydra_url)]
        for upstream, url in addresses:
            for method in ("GET", "PATCH", "DELETE", "POST", "PUT"):
                mock.add_callback(method, re.compile(re.escape(url)), self._callback(upstream))

    def _end_session(self, session_id: str) -> None:
        self.kratos.delete_session(session_id, {})

    def _callback(self, upstream: AdminApi) -> Callable[[Any], Answer]:
        return lambda request: self.handle(
            upstream, request.method, request.path_url, request.body or b""
        )

    @contextmanager
    def _listening(self, upstream: Upstream, port: int) -> Iterator[Listener]:
        def handle(method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
            if upstream == "kratos_public":
                return self.handle_public(method, target, headers)
            return self.handle(upstream, method, target, body)

        def next_fault(method: str, target: str) -> Fault | None:
            return self._next_fault(Call(upstream, method, target))

        with listening(port, handle, next_fault) as one:
            yield one

    def _next_fault(self, call: Call) -> Fault | None:
        with self._lock:
            for breakage in self._breakages:
                if breakage.upstream != call.upstream:
                    continue
                if breakage.method not in {None, call.method}:
                    continue
                if breakage.times is not None:
                    if breakage.times == 0:
                        continue
                    breakage.times -= 1
                self.calls.append(call)
                return breakage.fault
        return None
