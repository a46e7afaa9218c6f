"""Judges a live session before anything is issued: for ``/check``, and for the gates.

A refusal at the token hook comes too late to ask for a second factor (F19, F24). Here it is
asked where a person can still give it: as ``check``, or as ``hydra.token`` would be decided for
a client.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from webhook_service.consequences import NOTHING as NOTHING_FOLLOWS
from webhook_service.consequences import Kept
from webhook_service.deciding import Decider, Sources
from webhook_service.early.event import LACKS_SECOND_FACTOR, event_of, known_with, token_event
from webhook_service.early.looking import Look, session_key
from webhook_service.early.proofs import NOTHING, AmbiguousError, Inquiry, Proofs
from webhook_service.early.remembering import Memory
from webhook_service.effects.extend_session import Extension, Result, extend_session
from webhook_service.effects.recent import RecentEvents
from webhook_service.gather import AMBIGUOUS, NOT_THE_SUBJECTS, Known, client_facts
from webhook_service.hooks.check import Question
from webhook_service.hooks.credential import Credential, Proof
from webhook_service.hooks.event import KEY_DIGITS
from webhook_service.ory.errors import OryError
from webhook_service.ory.oauth_client import OAuthClient
from webhook_service.policy.decision import Decision, Extend, Reason, Verdict
from webhook_service.policy.facts import Source
from webhook_service.policy.messages import stock_message
from webhook_service.sessions import Session
from webhook_service.turn import Turn

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 64.0
"""Seconds in which one session is extended once, by however many checks: a rule that says
``extend: true`` asks at each."""

NOT_KEPT: Final = Kept(refused=True)
"""Another check of the session waits for the store, and has waited too long."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided, and on what.

    Attributes:
        known: the facts, and the live session: ``known.session``, ``None`` where there is none.
        decision: what follows.
        turn: by which policy, and when.
        extends: whether an extension that is asked for is this request's to make.
        is_remembered: whether any of it was known before the request came.
        set_cookie: the cookie that Kratos gave along for the browser (F57).
    """

    known: Known
    decision: Decision
    turn: Turn
    extends: bool = False
    is_remembered: bool = False
    set_cookie: str | None = field(default=None, repr=False)

    @property
    def session(self) -> Session | None:
        """The live session."""
        return self.known.session


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of it: the extension, the effects that were kept, the session as it is by now."""

    extension: Extension | None
    kept: Kept
    session: Session | None
    set_cookie: str | None = field(default=None, repr=False)

    @property
    def extended(self) -> bool:
        """Whether the session was extended."""
        return self.extension is not None and self.extension.result is Result.EXTENDED


@dataclass(frozen=True, slots=True)
class Early:
    """Judges, and does what follows. One instance a process, shared by its threads.

    Attributes:
        decider: gathers and decides; its effects are noticed by ``memory``.
        proofs: finds the session that a credential proves.
        memory: what was told a moment ago.
        recent: which sessions were extended lately, by any process of this machine.
    """

    decider: Decider
    proofs: Proofs
    memory: Memory
    recent: RecentEvents

    def of_check(self, question: Question, turn: Turn, *, anew: bool = False) -> Judged:
        """Judge the session that is shown.

        A refusal never rests on remembered facts, nor does an extension: both are looked at
        anew. ``anew``: whether everything is, from the start.
        """
        inquiry = Inquiry(turn.asking)
        judged = self._looked(question, turn, inquiry, anew=anew)
        if judged.is_remembered and judged.decision.verdict is not Verdict.ALLOW:
            judged = self._looked(question, turn, inquiry, anew=True)
        if not self._claims(judged):
            return judged
        if judged.is_remembered:
            judged = self._looked(question, turn, inquiry, anew=True)
        return replace(judged, extends=True)

    def of_client(
        self,
        session: Session | None,
        subject: str | None,
        client: OAuthClient,
        scopes: Sequence[str],
        turn: Turn,
        key: str | None = None,
    ) -> Judged:
        """Judge a session as the token hook would for a code of this client.

        Without a live session the rules say what that means. One of somebody else than the
        ``subject``, where that is known, counts as none. ``key`` is the event's; a new one where
        it is not given.
        """
        person = session.identity.id if session and session.identity else None
        is_theirs = subject is None or subject == person
        live = session if is_theirs and _is_live(session, turn.now) else None
        known = known_with(
            token_event(client.id, scopes, live, subject or person, turn.now, key), live
        )
        if not is_theirs and session is not None:
            known.notes.append(NOT_THE_SUBJECTS)
        known.learn(Source.HYDRA_CLIENT, client_facts(client))
        judged = Judged(known, self._decide(known, turn), turn)
        return replace(judged, extends=self._claims(judged))

    def follow(self, judged: Judged, credential: Credential | None = None) -> Followed:
        """Extend the session where that is due, and have everything kept that must follow.

        Where a cookie was shown and the session is extended, the browser's new cookie comes
        along (F57).
        """
        session = judged.session
        extension = self._extend(judged)
        kept = self._keep(judged, extension)
        set_cookie = judged.set_cookie
        if extension is not None and extension.result is Result.EXTENDED and session is not None:
            session = replace(session, expires_at=extension.expires_at)
            if credential is not None:
                self.memory.forget(session_key(credential))
                set_cookie = self._new_cookie(judged, credential) or set_cookie
        return Followed(extension, kept, session, set_cookie)

    def _looked(self, question: Question, turn: Turn, inquiry: Inquiry, *, anew: bool) -> Judged:
        look = Look(
            memory=self.memory,
            proofs=self.proofs,
            gatherer=self.decider.gatherer,
            effects=self.decider.consequences.effects,
            inquiry=inquiry,
            begun=turn.begun,
            anew=anew,
        )
        known, decision = self._judged(question, look, turn)
        return Judged(
            known=known,
            decision=decision,
            turn=turn,
            is_remembered=look.is_remembered,
            set_cookie=inquiry.set_cookie,
        )

    def _judged(self, question: Question, look: Look, turn: Turn) -> tuple[Known, Decision]:
        """Decide. Without a live session no rule is asked: nothing is for nobody."""
        proven, unknown = NOTHING, None
        try:
            if question.credential is not None:
                proven = look.session(question.credential)
        except OryError as error:
            unknown = error.reason.value
        except AmbiguousError:
            unknown = AMBIGUOUS
        session = proven.session if _is_live(proven.session, turn.now) else None
        known = known_with(event_of(question, proven, turn.now), session, unknown)
        known.calls = look.inquiry.calls
        if unknown is not None:
            return known, _refused(known, Verdict.DENY, Reason.POLICY_UNKNOWN)
        if proven.lacks_second_factor:
            # Kratos' own setting hides the session from everyone until a factor that is enrolled
            # was given (F64, F95). Which session it is, no rule could be told.
            known.values.update(LACKS_SECOND_FACTOR)
            return known, _refused(known, Verdict.STEP_UP, Reason.MFA_AAL_TOO_LOW)
        if session is None:
            return known, _refused(known, Verdict.DENY, Reason.SESSION_NOT_ACTIVE)
        return known, self._decide(known, turn, look)

    def _decide(self, known: Known, turn: Turn, sources: Sources | None = None) -> Decision:
        return self.decider.decide(known, turn.policy, turn.now, turn.asking, sources)

    def _claims(self, judged: Judged) -> bool:
        """Take the extension that is asked for, unless a check took it a moment ago."""
        session = judged.session
        if judged.decision.extend is Extend.NO or session is None:
            return False
        now = judged.turn.now
        pause = _pause(session, now)
        which = f"extend {session.id} {pause} {now.timestamp() // pause}"
        digest = blake2b(which.encode(), digest_size=KEY_DIGITS // 2)
        return self.recent.claim(digest.hexdigest())

    def _extend(self, judged: Judged) -> Extension | None:
        """Do what is due before the answer (P23)."""
        decision, known, turn = judged.decision, judged.known, judged.turn
        if decision.extend is Extend.NO:
            return None
        if not judged.extends:
            return Extension(Result.REPEATED)
        if decision.extend is Extend.DEFERRED:
            return Extension(Result.DEFERRED)
        kratos = self.proofs.kratos
        if kratos is None or known.session is None:  # pragma: no cover  decided on a session
            return Extension(Result.FAILED, reason=Reason.SESSION_NOT_ACTIVE)
        watched = known.watched(kratos)
        return extend_session(watched, known.session, turn.now, turn.until, turn.asking)

    def _keep(self, judged: Judged, extension: Extension | None) -> Kept:
        """Have everything kept that must follow (E1).

        A cap is the same at every check of a session: that it is kept is remembered like a fact.
        """
        decision, turn, session = judged.decision, judged.turn, judged.session

        def keep() -> Kept:
            consequences = self.decider.consequences
            return consequences.keep(judged.known, decision, extension, turn.now, turn.deadline)

        if extension is not None or decision.end_at is None or session is None:
            return keep()
        cap = "cap", session.id, decision.end_at_rule, decision.end_at
        try:
            told = self.memory.get(
                cap, keep, turn.deadline, since=-math.inf, is_worth_keeping=_is_kept
            )
        except TimeoutError:
            return NOT_KEPT
        return NOTHING_FOLLOWS if told.ended < turn.begun else told.value

    def _new_cookie(self, judged: Judged, credential: Credential) -> str | None:
        """Ask Kratos once more as the browser would: only then does it give the new cookie."""
        if credential.proof is not Proof.SESSION_COOKIE:
            return None
        inquiry = Inquiry(judged.turn.deadline, judged.known.calls)
        try:
            self.proofs.show(credential, inquiry)
        except OryError:
            return None  # the call's outcome is in the record; the next answer brings the cookie
        return inquiry.set_cookie


def _pause(session: Session, now: datetime) -> float:
    """Return an eighth of what is left of the session, as a power of two.

    So it is the same for a while: within it, the same pause is everybody's.
    """
    if session.expires_at is None:
        return LONGEST_PAUSE
    left = max((session.expires_at - now).total_seconds(), SHORTEST_PAUSE)
    eighth = 2.0 ** math.floor(math.log2(left / 8))
    return min(max(eighth, SHORTEST_PAUSE), LONGEST_PAUSE)


def _is_kept(kept: Kept) -> bool:
    return not kept.refused


def _is_live(session: Session | None, now: datetime) -> bool:
    """Whether a session lives (P24)."""
    if session is None or not session.active:
        return False
    return session.expires_at is None or now < session.expires_at


def _refused(known: Known, verdict: Verdict, reason: Reason) -> Decision:
    """Refuse where no rule has a say."""
    return Decision(known.event.name, verdict, reason, message=stock_message(reason))
