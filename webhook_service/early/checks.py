"""Answers whether a live session may do something, and leaves a record of each answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from webhook_service.early.asking import Early, Followed, Judged
from webhook_service.fitness import refreshes_sessions
from webhook_service.hooks.check import Question, Wire
from webhook_service.hooks.check_answers import (
    Finding,
    status_of,
    to_backend,
    to_gateway,
    to_holder,
    to_page,
    unstored,
)
from webhook_service.hooks.hints import Places, hint
from webhook_service.hooks.kratos_body import RequestHeaders
from webhook_service.hooks.reply import Reply
from webhook_service.hooks.target import Target
from webhook_service.policy_in_force import PolicyInForce
from webhook_service.records.record import Record
from webhook_service.service import Service, utc_now
from webhook_service.settings import Settings
from webhook_service.turn import Turn, take_turn

Answer: TypeAlias = Callable[[Finding, Places], Reply]


@dataclass(frozen=True, slots=True)
class Checks:
    """Answers checks. One instance a process, shared by its threads.

    Attributes:
        early: judges the session, and does what follows.
        policies: what is decided by; another policy may take its place at any moment.
        wire: how requests are read.
        places: where people and apps can be sent.
        deadline: seconds from the reading of a request to its answer, upstream calls included.
        keep: takes the record of each event.
        clock: the time of day.
    """

    early: Early
    policies: PolicyInForce
    wire: Wire
    places: Places
    deadline: float
    keep: Callable[[Record], None]
    clock: Callable[[], datetime] = utc_now

    def of_backend(self, body: bytes, arrived: float | None = None) -> Reply:
        """Answer a backend. ``arrived`` as in ``take_turn``; so in all of these.

        Raises:
            OverloadedError: its time was over before its turn came.
            MalformedError: the body is not JSON.
            ShapeError: it is JSON, but no question.
        """
        turn = self._turn(arrived)
        return self._answer(self.wire.of_body(body), turn, to_backend)

    def of_gateway(self, headers: Mapping[str, str], arrived: float | None = None) -> Reply:
        """Answer a gateway. Names of headers are in lower case.

        Raises:
            OverloadedError: as above.
            ShapeError: what it says of the request that waits contradicts itself.
        """
        turn = self._turn(arrived)
        return self._answer(self.wire.of_gateway(headers), turn, to_gateway)

    def of_page(self, headers: Mapping[str, str], arrived: float | None = None) -> Reply:
        """Answer a gateway about a page: who must do something first is redirected there.

        Raises:
            OverloadedError, ShapeError: as above.
        """
        turn = self._turn(arrived)
        return self._answer(self.wire.of_gateway(headers), turn, to_page)

    def of_holder(
        self, headers: Mapping[str, str], target: Target, arrived: float | None = None
    ) -> Reply:
        """Answer the browser or app that holds a session, and wants it to go on.

        Nothing that is remembered will do: the browser is to get its new cookie now (F57).

        Raises:
            OverloadedError: as above.
            ShapeError: the host that it asked is none.
        """
        turn = self._turn(arrived)
        question = self.wire.of_browser_or_app(headers, target)
        return self._answer(question, turn, partial(to_holder, now=turn.now), anew=True)

    def _turn(self, arrived: float | None) -> Turn:
        return take_turn(self.policies.current, self.clock, self.deadline, arrived)

    def _answer(
        self, question: Question, turn: Turn, answer: Answer, *, anew: bool = False
    ) -> Reply:
        judged = self.early.of_check(question, turn, anew=anew)
        followed = self.early.follow(judged, question.credential)
        if followed.kept.refused:
            reply = unstored()
        else:
            reply = answer(_finding(question, judged, followed), self.places)
        self.keep(_record(judged, followed, reply.status))
        return reply


def make_checks(settings: Settings, early: Early | None, service: Service) -> Checks | None:
    """Make what answers checks, beside what answers hooks; ``None`` without Kratos' two APIs."""
    kratos_url = settings.kratos_public_url
    if early is None or kratos_url is None or not refreshes_sessions(settings):
        return None
    return Checks(
        early=early,
        policies=service.policies,
        wire=Wire(
            settings.session_cookie,
            RequestHeaders(settings.client_ip_header, settings.country_header),
            takes_access_tokens=settings.hydra_admin_url is not None,
        ),
        places=Places(kratos_url, settings.allowed_origins),
        deadline=service.hook_deadline,
        keep=service.keep,
        clock=service.clock,
    )


def _finding(question: Question, judged: Judged, followed: Followed) -> Finding:
    decision = judged.decision
    is_allowed = status_of(decision) == 200  # noqa: PLR2004  the status of the table there
    return Finding(
        decision=decision,
        hint=hint(decision, judged.session, judged.turn.policy),
        session=followed.session,
        extended=followed.extended,
        showed_something=question.credential is not None,
        return_to=question.return_to,
        # Who is refused is not kept signed in for longer.
        set_cookie=followed.set_cookie if is_allowed else None,
    )


def _record(judged: Judged, followed: Followed, status: int) -> Record:
    known, turn = judged.known, judged.turn
    return Record(
        at=turn.now,
        event=known.event,
        facts=known.facts(),
        decision=judged.decision,
        extension=followed.extension,
        kept=followed.kept,
        status=status,
        calls=tuple(known.calls),
        failed=dict(known.failed),
        notes=tuple(known.notes),
        session_id=known.event.session_id,
        client_id=known.event.client_id,
        policy=turn.policy.digest,
        seconds=turn.seconds,
    )
