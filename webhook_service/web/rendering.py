"""Pages of our own: plain, readable without styles or scripts, and closed to everything else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from flask import Response, render_template
from markupsafe import Markup

from webhook_service.gates.answers import Notice

FOLDER: Final = "web/pages"

_STYLE: Final = Path(__file__).with_name("pages").joinpath("pages.css").read_text("utf-8")
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    # No form-action: Chromium holds it against the redirects after a form as well, and those
    # lead to Hydra and on to the client, whose address may be anything.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # The address of a page holds a challenge.
    "Referrer-Policy": "no-referrer",
}

MEANINGS: Final[Mapping[str, str]] = {
    "openid": "Know that it is you",
    "offline": "Stay signed in while you are away",
    "offline_access": "Stay signed in while you are away",
    "profile": "See your name and profile",
    "email": "See your email address",
    "phone": "See your phone number",
    "address": "See your postal address",
}
"""The scopes that OpenID Connect and Hydra give a meaning; any other is shown by its name."""


@dataclass(frozen=True, slots=True)
class _Text:
    title: str
    paragraphs: tuple[str, ...]


_BEGIN_ANEW: Final = "Go back to the application and sign in once more."

_TEXTS: Final[Mapping[Notice, _Text]] = {
    Notice.EXPIRED: _Text(
        "This page is no longer valid",
        ("It was opened too late, or not by an application.", _BEGIN_ANEW),
    ),
    Notice.UNAVAILABLE: _Text(
        "This is not possible just now",
        (
            "Something that is needed to sign you in does not answer.",
            "Reload this page in a moment.",
        ),
    ),
    Notice.UNMET: _Text(
        "What you confirmed is not what is asked for here",
        (
            "You have just been asked for it, so you are not asked again and again.",
            "If you have another second sign-in step, try again with that one.",
        ),
    ),
    Notice.FOREIGN: _Text(
        "This page cannot be used any more",
        ("It was opened in another browser, or a long time ago.", _BEGIN_ANEW),
    ),
}


def notice(which: Notice, status: int, message: str | None, again: str | None) -> Response:
    """Say why there is no way on."""
    text = _TEXTS[which]
    return page(
        "notice.html",
        status,
        title=text.title,
        paragraphs=text.paragraphs,
        message=message,
        again=again,
    )


def page(template: str, status: int, **values: Any) -> Response:  # noqa: ANN401  what a template takes
    """Render a page."""
    style = Markup(_STYLE)  # noqa: S704  our own file
    html = render_template(template, style=style, **values)
    return Response(html, status, dict(HEADERS), mimetype="text/html")
