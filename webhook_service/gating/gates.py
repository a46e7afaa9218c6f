"""The gates as the web calls them: a challenge and a cookie in, an outcome out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from webhook_service.early.asking import Early, Followed, Judged
from webhook_service.early.proofs import Inquiry
from webhook_service.gates import answers, consent, login, logout
from webhook_service.gates.answers import (
    Answer,
    Ask,
    Confirm,
    Notice,
    Outcome,
    Page,
    Reject,
)
from webhook_service.gates.seen import NOBODY, Seen, Sight
from webhook_service.gating.telling import tell, tell_of_logout
from webhook_service.gating.visit import Gate, Shown, Visit
from webhook_service.hooks.hints import hint
from webhook_service.ory.errors import NotFound, OryError
from webhook_service.ory.hydra_flows import Asked, HydraFlows
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.record import Record
from webhook_service.sessions import Session
from webhook_service.turn import take_turn

GATE_SECONDS: Final = 5.0
"""How long a gate may take, all its calls included. A person waits for it, and nobody repeats
the call: the time that a hook must keep to would only show more of them an error."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where browsers are sent: Kratos' public address, and the operator's consent page."""

    kratos: str
    consent_ui: str | None = None


@dataclass(frozen=True, slots=True)
class Gates:
    """Answers browsers. One instance a process, shared by its threads.

    Attributes:
        early: judges the session as the token hook will.
        flows: logins, consents and sign-outs that wait at Hydra.
        places: where browsers are sent.
        policies: what is decided by.
        keep: takes the record of each decision.
        count: counts what a browser got, by gate and answer.
        complain: logs what went wrong upstream: of which gate, and what.
        clock: the time of day.
    """

    early: Early
    flows: HydraFlows
    places: Places
    policies: PolicyInForce
    keep: Callable[[Record], None]
    count: Callable[[str, str], None]
    complain: Callable[[str, OryError], None]
    clock: Callable[[], datetime]

    def login(self, challenge: str, cookie: str | None, arrived: float | None = None) -> Shown:
        """Answer a browser that is to sign in."""
        return self._shown(self._visit(Gate.LOGIN, challenge, cookie, arrived), self._login)

    def consent(
        self,
        challenge: str,
        cookie: str | None,
        arrived: float | None = None,
        *,
        given: bool | None = None,
    ) -> Shown:
        """Answer a browser whose person is to consent; ``given`` is what was said on our page."""

        def answer(visit: Visit) -> Outcome:
            return self._consent(visit, given=given)

        return self._shown(self._visit(Gate.CONSENT, challenge, cookie, arrived), answer)

    def logout(
        self,
        challenge: str,
        cookie: str | None,
        arrived: float | None = None,
        *,
        confirmed: bool = False,
    ) -> Shown:
        """Answer a browser whose person is to be signed out; ``confirmed`` on our page."""

        def answer(visit: Visit) -> Outcome:
            return self._logout(visit, confirmed=confirmed)

        return self._shown(self._visit(Gate.LOGOUT, challenge, cookie, arrived), answer)

    def _visit(
        self, gate: Gate, challenge: str, cookie: str | None, arrived: float | None
    ) -> Visit:
        turn = take_turn(self.policies.current, self.clock, GATE_SECONDS, arrived)
        return Visit(gate, challenge, cookie or None, turn, Inquiry(turn.asking))

    def _shown(self, visit: Visit, answer: Callable[[Visit], Outcome]) -> Shown:
        try:
            outcome = answer(visit)
        except OryError as error:
            outcome = self._failed(visit, error)
        self.count(visit.gate.value, answers.name_of(outcome))
        return Shown(outcome, visit.set_cookie)

    def _failed(self, visit: Visit, error: OryError) -> Page:
        if isinstance(error, NotFound):  # what waited has expired meanwhile
            return Page(Notice.EXPIRED)
        self.complain(visit.gate.value, error)
        return Page(Notice.UNAVAILABLE)

    def _login(self, visit: Visit) -> Outcome:
        asked = self.flows.login(visit.challenge, visit.turn.asking)
        if asked is None:
            return Page(Notice.EXPIRED)
        kratos, challenge = self.places.kratos, visit.challenge
        seen = self._look(visit)
        session = login.whose(asked, seen)
        if session is None:
            answer = login.unjudged(asked, seen, kratos, challenge)
            return tell(self.flows, visit, asked, answer)
        judged, followed = self._judge(visit, asked, session)
        live = followed.session
        if live is None:
            answer = login.unjudged(asked, NOBODY, kratos, challenge)
        else:
            ruling = judged.decision, hint(judged.decision, live, judged.turn.policy)
            answer = login.answer(asked, live, ruling, (kratos, challenge, judged.turn.now))
        return self._recorded(visit, asked, answer, (judged, followed))

    def _consent(self, visit: Visit, *, given: bool | None) -> Outcome:
        asked = self.flows.consent(visit.challenge, visit.turn.asking)
        if asked is None:
            return Page(Notice.EXPIRED)
        if given is False:
            return tell(self.flows, visit, asked, Reject(consent.REFUSED))
        seen = self._look(visit)
        unjudged = consent.unjudged(asked, seen, self.places.kratos)
        if unjudged is not None:
            return tell(self.flows, visit, asked, unjudged)
        judged, followed = self._judge(visit, asked, seen.session)
        live = followed.session
        ruling = judged.decision, hint(judged.decision, live, judged.turn.policy)
        at = self.places.kratos, visit.challenge, self.places.consent_ui
        answer = consent.answer(asked, live, ruling, at)
        if given and isinstance(answer, Ask):
            answer = consent.accepted(asked, live)
        return self._recorded(visit, asked, answer, (judged, followed))

    def _logout(self, visit: Visit, *, confirmed: bool) -> Outcome:
        deadline = visit.turn.asking
        asked = self.flows.logout(visit.challenge, deadline)
        if asked is None:
            return Page(Notice.EXPIRED)
        if logout.must_confirm(asked) and not confirmed:
            return Confirm()
        session = logout.to_end(asked, self._look(visit))
        if isinstance(session, Page):
            return session
        kratos = self.early.proofs.kratos
        if session is not None and session.id is not None and kratos is not None:
            with suppress(NotFound):  # gone already
                kratos.end(session.id, deadline)
        return tell_of_logout(self.flows, visit)

    def _look(self, visit: Visit) -> Seen:
        """Ask Kratos whose session is behind the cookie."""
        if visit.credential is None:
            return NOBODY
        try:
            proven = self.early.proofs.find(visit.credential, visit.inquiry)
        except OryError as error:
            self.complain(visit.gate.value, error)
            return Seen(Sight.UNKNOWN)
        visit.set_cookie = visit.inquiry.set_cookie
        if proven.lacks_second_factor:
            return Seen(Sight.HIDDEN)
        return NOBODY if proven.session is None else Seen(Sight.LIVE, proven.session)

    def _judge(
        self, visit: Visit, asked: Asked, session: Session | None
    ) -> tuple[Judged, Followed]:
        """Judge the session as the token hook will, and do what follows."""
        judged = self.early.of_client(
            session, asked.subject or None, asked.client, asked.scopes, visit.turn, visit.key
        )
        judged.known.notes.append(f"gate.{visit.gate.value}")
        judged.known.calls[:0] = visit.inquiry.calls
        followed = self.early.follow(judged, visit.credential)
        visit.set_cookie = followed.set_cookie or visit.set_cookie
        return judged, followed

    def _recorded(
        self,
        visit: Visit,
        asked: Asked,
        answer: Answer,
        of: tuple[Judged, Followed],
    ) -> Outcome:
        """Act, and keep the record of what was decided, whether Hydra could be told or not."""
        judged, followed = of
        try:
            outcome = tell(self.flows, visit, asked, answer)
        except OryError as error:
            outcome = self._failed(visit, error)
        known, turn = judged.known, judged.turn
        self.keep(
            Record(
                at=turn.now,
                event=known.event,
                facts=known.facts(),
                decision=judged.decision,
                extension=followed.extension,
                kept=followed.kept,
                status=answers.status_of(outcome),
                calls=tuple(known.calls),
                failed=dict(known.failed),
                notes=tuple(known.notes),
                session_id=known.session.id if known.session else None,
                client_id=asked.client.id,
                policy=turn.policy.digest,
                seconds=turn.seconds,
            )
        )
        return outcome
