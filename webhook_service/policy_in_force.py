"""The policy that decides now, and how another one takes its place in all processes at once.

A process that is told to reload, or that watches the file, *offers* what it finds: the file
is read and checked, and only if it is fine laid into the folder that the processes share.
Each process looks there several times a second and takes over what it finds, so that all
of them decide by the same bytes; a file that does not load changes nothing but what is
said about it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from webhook_service.policy.errors import PolicyError
from webhook_service.policy.loader import load
from webhook_service.policy.model import Policy
from webhook_service.policy_exchange import Exchange, Refused, UnreadableError, read_file, state_of
from webhook_service.records import metrics

LOOK_SECONDS: Final = 0.2
"""How often a process looks for another policy. Two looks until a changed file is offered and
one until every process has found it leave all of them agreed within a second."""


class PolicyInForce:
    """Holds the policy of one process. Replaced whole: a decision reads ``current`` once.

    ``since`` is when it was accepted for all processes, in UTC; ``None`` until that is known.
    """

    def __init__(self, policy: Policy) -> None:
        self.current = policy
        self.refused: Refused | None = None
        self.since: datetime | None = None


@dataclass(slots=True)
class PolicyFile:
    """The file that an operator edits, and what becomes of it when it is offered.

    ``fits`` names what a policy needs and the settings do not have; ``notices`` is what the
    operator should know of one that is accepted.
    """

    path: Path
    exchange: Exchange
    logger: structlog.typing.FilteringBoundLogger
    fits: Callable[[Policy], list[str]]
    notices: Callable[[Policy], list[str]]
    _asked: bool = field(default=False, init=False, repr=False)
    _offering: bool = field(default=False, init=False, repr=False)

    def offer(self) -> None:
        """Read the file; accept it for all processes, or say loudly why not.

        For a server that gets SIGHUP, and it may be called in the handler itself: a signal
        that comes in the middle is not served there, where it would wait for the lock that
        it interrupted, but after. Nothing is raised: gunicorn would end.
        """
        self._asked = True
        while self._asked and not self._offering:
            self._offering, self._asked = True, False
            try:
                self._offer_alone(even_if_known=True)
            finally:
                self._offering = False

    def offer_change(self) -> None:
        """Do the same with a file that was seen to change, unless another process has."""
        self._offer_alone(even_if_known=False)

    def _offer_alone(self, *, even_if_known: bool) -> None:
        try:
            with self.exchange.alone():
                # Before the file is read: what is written later is another state.
                state = state_of(self.path)
                if even_if_known or not self.exchange.was_offered(state):
                    self.exchange.note_offered(state)
                    self._offer()
        except Exception as error:  # noqa: BLE001  whatever fails here, the service goes on
            # The system's own words at most: any other text may quote the file.
            why = str(error) if isinstance(error, OSError) else type(error).__name__
            self.logger.error("offering the policy file failed", error=why)  # noqa: TRY400  no traceback, as it may quote the file

    def _offer(self) -> None:
        try:
            data = read_file(self.path)
            if data == self.exchange.accepted():
                self.exchange.withdraw()
                self.logger.info("the policy file holds the policy in force")
                return
            policy = load(data, str(self.path))
        except UnreadableError as error:
            self._refuse(str(error), "unreadable", 1)
        except PolicyError as error:
            first = error.problems[0]
            place = f"{first.line}:{first.column}: {first.kind}"
            self._refuse(str(error), place, len(error.problems))
        else:
            missing = self.fits(policy)
            if missing:
                self._refuse("\n".join(missing), "needs another setting", len(missing))
            else:
                self._accept(data, policy)

    def _accept(self, data: bytes, policy: Policy) -> None:
        self.exchange.accept(data)
        metrics.count_reload("accepted")
        self.logger.warning(
            "the policy was reloaded", policy=policy.digest, rules=len(policy.rules)
        )
        for notice in self.notices(policy):
            self.logger.warning(notice)

    def _refuse(self, why: str, place: str, problems: int) -> None:
        self.exchange.refuse(Refused(_now(), place, problems))
        metrics.count_reload("refused")
        self.logger.error(
            "the policy file does not load; the policy before it stays in force", errors=why
        )


class Follower:
    """Keeps one process at the accepted policy, from a thread of its own.

    With ``watch`` it also offers the file whenever that has changed and come to rest: not
    every editor puts a file in place whole, and half a policy may load as well as a whole one,
    with half its rules.
    """

    def __init__(self, in_force: PolicyInForce, file: PolicyFile, *, watch: bool = False) -> None:
        self._in_force = in_force
        self._file = file
        self._watch = watch
        self._taken: tuple[int, ...] = ()
        self._seen: tuple[int, ...] | None = None
        self._offered: tuple[int, ...] | None = None
        self._process = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Take over what is accepted, and go on looking; once a process, after its fork."""
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process == os.getpid():
                return
            self.look()
            threading.Thread(target=self._follow, name="policy", daemon=True).start()
            self._process = os.getpid()

    def look(self) -> None:
        """Look once: offer the file if it is watched and changed; take over what is accepted."""
        if self._watch:
            self._look_at_file()
        exchange = self._file.exchange
        stamp = exchange.stamp()
        if stamp == self._taken:
            return
        self._taken = stamp
        self._in_force.refused = exchange.refused()
        metrics.tell_refused(refused=self._in_force.refused is not None)
        data = exchange.accepted()
        if data is None:
            return
        self._in_force.since = exchange.accepted_at()
        policy = load(data)
        if policy.digest != self._in_force.current.digest:
            self._in_force.current = policy
            metrics.tell_policy(policy.digest)

    def _look_at_file(self) -> None:
        state = state_of(self._file.path)
        at_rest, self._seen = state == self._seen, state
        if at_rest and state != self._offered:
            self._offered = state
            self._file.offer_change()

    def _follow(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001  a thread that dies would follow nothing
                kind = type(error).__name__  # and no more: a text may quote the file
                self._file.logger.error("following the policy failed", error=kind)  # noqa: TRY400


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
