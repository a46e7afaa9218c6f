"""Whose session is behind the browser at a gate, and the ways to Kratos for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from webhook_service.gates.answers import Redirect, Way
from webhook_service.hooks.hints import Hint, Step
from webhook_service.sessions import AAL1, Session


class Sight(StrEnum):
    """What Kratos told about a browser's cookie."""

    LIVE = "live"
    NONE = "none"
    HIDDEN = "hidden"
    """There is a session, and Kratos shows it only after a second factor (F64)."""

    UNKNOWN = "unknown"
    """Kratos gave no answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The session behind a browser's cookie; only where it is ``LIVE`` there is one."""

    sight: Sight
    session: Session | None = None

    def of(self, subject: str) -> Session | None:
        """Return the session if it is this person's: nobody else's is bound or accepted (F104)."""
        session = self.session
        if session is None or session.identity is None or session.identity.id != subject:
            return None
        return session


NOBODY: Final = Seen(Sight.NONE)

_WAYS: Final = {Step.SIGN_IN: Way.SIGN_IN, Step.STEP_UP: Way.STEP_UP, Step.ENROL: Way.ENROL}


def to_kratos(kratos: str, hint: Hint, **query: str) -> Redirect:
    """Send the browser to the flow that a hint asks for; ``query`` is how it comes back."""
    flow = "settings" if hint.step is Step.ENROL else "login"
    asked = {}
    if hint.step is Step.STEP_UP and hint.aal not in {None, AAL1}:
        asked["aal"] = str(hint.aal)
    if hint.refresh and hint.step is not Step.ENROL:
        asked["refresh"] = "true"
    url = f"{kratos}/self-service/{flow}/browser?{urlencode({**asked, **query})}"
    return Redirect(_WAYS[hint.step], url)
