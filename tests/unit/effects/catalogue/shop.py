"""Where effects are done in these tests: the stand-in Ory on real sockets, on a clock to move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from unit.workbench import NOW, Clock

from webhook_service.effects.catalogue import Tools, perform
from webhook_service.effects.effect import Args, Effect, Kind, Result, State
from webhook_service.gather import Gatherer
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.fake import FakeOry
from webhook_service.ory.fake.answers import Answer
from webhook_service.ory.fake.consents import FakeChain
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.ory.transport import Transport
from webhook_service.policy.loader import load
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.sessions import Session

POLICY = """
version: 1
mfa:
  - name: a second factor
    events: [kratos.login]
    require: {aal: aal2}
    step_up_within: 10m
sessions:
  - name: eight hours
    max_age: 8h
"""


@dataclass
class Login:
    """A person's browser or app: a Kratos session and Hydra's login of it."""

    session_id: str
    login_id: str


@dataclass
class Shop:
    """Does effects against the stand-in."""

    fake: FakeOry
    clock: Clock
    kratos: Kratos | None
    hydra: Hydra | None
    policies: PolicyInForce
    ada: str
    all_shadow: bool = False
    ending: set[str | None] = field(default_factory=set)
    is_ending_asked: list[str] = field(default_factory=list)

    def is_ending(self, subject: str, session: Session) -> bool:
        self.is_ending_asked.append(subject)
        return session.id in self.ending

    def tools(self) -> Tools:
        gatherer = Gatherer(self.kratos, self.hydra, timedelta(seconds=0.6))
        return Tools(
            kratos=self.kratos,
            hydra=self.hydra,
            policies=self.policies,
            all_shadow=self.all_shadow,
            clock=self.clock,
            gatherer=gatherer,
            is_ending=self.is_ending,
        )

    def do(self, args: Args, *, seconds: float = 5.0, tools: Tools | None = None) -> Result:
        """Do an effect that is due."""
        effect = Effect(
            seq=1,
            key="a-key",
            kind=Kind.END_SESSION,
            lane="a-lane",
            args=args,
            state=State.RUNNING,
            due=NOW,
            counts_from=NOW,
            deadline=NOW + timedelta(hours=24),
            attempts=0,
            created=NOW,
        )
        return perform(effect, tools or self.tools(), Deadline.after(seconds))

    def sign_in(self, *methods: str, subject: str | None = None) -> Login:
        """Sign a person in at Kratos and Hydra."""
        subject = subject or self.ada
        session_id = self.fake.kratos.sign_in(subject, *methods)
        return Login(session_id, self.fake.hydra.consents.log_in(subject, session_id))

    def consent(
        self, login: Login, client_id: str = "web", *, named: bool = True, **more: int
    ) -> FakeChain:
        """Give a client tokens; most consent apps name the session in them (F28)."""
        session_id = login.session_id if named else None
        return self.fake.hydra.consents.consent(
            login.login_id,
            client_id,
            session_id=session_id,
            remember=bool(more.get("remember")),
            remember_for=more.get("remember_for", 0),
            skip=bool(more.get("skip")),
        )

    def is_live(self, login: Login) -> bool:
        session = self.fake.kratos.sessions[login.session_id]
        return not session.revoked and session.expires_at > self.clock()

    def has_tokens(self, chain: FakeChain) -> bool:
        return chain.id in self.fake.hydra.consents.chains

    def is_remembered(self, login: Login) -> bool:
        """Whether Hydra would not ask for a login."""
        return login.login_id in self.fake.hydra.consents.logins

    def go_away_after(self, calls: int) -> None:
        """Let Ory answer so many calls more, and then none well."""
        handle, left = self.fake.handle, iter(range(calls))

        def handle_some(*request: Any) -> Answer:
            return Answer(503, {}, b"") if next(left, None) is None else handle(*request)

        self.fake.handle = handle_some  # type: ignore[method-assign]  # stands in for the stand-in

    def let_sessions_go_before_their_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let each session that is to be ended be gone just before."""
        kratos = self.kratos
        assert kratos is not None
        end = kratos.end

        def gone_first(session_id: str, *more: object) -> None:
            del self.fake.kratos.sessions[session_id]
            end(session_id, *more)  # type: ignore[arg-type]  # handed on as they came

        monkeypatch.setattr(kratos, "end", gone_first)

    def come_back(self) -> None:
        """Let Ory answer again."""
        del self.fake.handle  # type: ignore[method-assign]  # the class has its own

    def calls(self, method: str = "", upstream: str = "") -> list[str]:
        """Return the calls so far: ``DELETE /admin/sessions/…``."""
        return [
            f"{call.method} {call.target}"
            for call in self.fake.calls
            if method in {"", call.method} and upstream in {"", call.upstream}
        ]

    def signed_in_at(self, login: Login) -> datetime:
        """When the login's factor was completed, as its hook's body told."""
        return self.fake.kratos.sessions[login.session_id].factors[0][2]


@contextmanager
def open_shop(*, revokes_chains: bool) -> Iterator[Shop]:
    """Let the stand-in be of one of the two versions of Hydra."""
    clock = Clock()
    fake = FakeOry(clock=clock, lifespan=timedelta(days=30), revokes_chains=revokes_chains)
    with fake.serve() as served:
        transports = [
            Transport("kratos", served.kratos.url),
            Transport("hydra", served.hydra.url),
        ]
        yield Shop(
            fake,
            clock,
            Kratos(transports[0]),
            Hydra(transports[1]),
            PolicyInForce(load(POLICY.encode())),
            fake.kratos.add_identity({"email": "ada@example.org"}),
        )
        for transport in transports:
            transport.close()
