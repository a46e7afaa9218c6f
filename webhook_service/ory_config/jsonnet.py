"""The body of Kratos' hooks: the shipped document, with an operator's settings filled in."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from webhook_service.ory_config.listening import PASSED_ON

_INLINE: Final = "base64://"


@dataclass(frozen=True, slots=True)
class Body:
    """What a hook tells besides what every hook does.

    Attributes:
        document: the shipped file, ``docs/kratos.jsonnet``.
        session_cookie: the name of Kratos' session cookie.
        pass_session_cookie: whether a hook after a change hands it over (F33).
        headers: request headers that the policy reads beside ``PASSED_ON``.
    """

    document: str
    session_cookie: str = "ory_kratos_session"
    pass_session_cookie: bool = False
    headers: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The file with the settings in it, to be read by people too."""
        text = _set(self.document, "pass_session_cookie", self.pass_session_cookie)
        text = _set(text, "session_cookie", self.session_cookie)
        if not self.headers:
            return text
        return _set(text, "headers", [*PASSED_ON, *self.headers])

    @property
    def inline(self) -> str:
        """The file in the place of its address, without its comments.

        It needs no file, so the working directory of Kratos does not matter (F93).
        """
        return inlined(self.text)

    @property
    def variants(self) -> frozenset[str]:
        """The bodies that serve the policy: with the session's cookie, and without it."""
        return frozenset(
            replace(self, pass_session_cookie=passed).inline for passed in (True, False)
        )


def inlined(text: str) -> str:
    """Return a body without its comments, as it stands in the place of its address."""
    return _INLINE + base64.b64encode(_condensed(text).encode()).decode()


def is_inline(address: object) -> bool:
    """Whether a hook's body stands in the configuration itself."""
    return isinstance(address, str) and address.startswith(_INLINE)


def text_of(address: str) -> str | None:
    """Return the text of a body that stands in the configuration; ``None`` for other bodies."""
    if not is_inline(address):
        return None
    try:
        return base64.b64decode(address.removeprefix(_INLINE), validate=True).decode()
    except ValueError:
        return None


def _set(text: str, name: str, value: object) -> str:
    literal = re.sub(r'"([^"\'\\]*)"', r"'\1'", json.dumps(value, ensure_ascii=False))
    changed, count = re.subn(
        rf"^local {name} = [^;]+;", lambda _: f"local {name} = {literal};", text, flags=re.MULTILINE
    )
    if count != 1:
        raise ValueError(f"the body of the hooks does not set {name} once")
    return changed


def _condensed(text: str) -> str:
    lines = (re.sub(r"(?:^|\s)\s*//.*", "", line).rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"
