"""The routes that Hydra sends browsers to: sign in, consent, sign out. Open to everyone.

All that counts of a request is its challenge, Kratos' cookie and, where one of our pages is
sent back, its form: an address that somebody adds is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, request

from webhook_service.gates.answers import Ask, Confirm, Notice, Page, Redirect, status_of
from webhook_service.gating.gates import Gates
from webhook_service.gating.visit import Gate, Shown
from webhook_service.hooks.credential import cookie_value
from webhook_service.web import rendering, traced
from webhook_service.web.body import ARRIVED_AT, read_form
from webhook_service.web.page_forms import FormKeys

TOKEN: Final = "token"  # noqa: S105  a field's name, no secret
DECISION: Final = "decision"
LONGEST_CHALLENGE: Final = 8000
"""Hydra's hold the whole request of the client; a longer line of a request does not get here."""

_NO_STORE: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Cookies:
    """The two cookies: Kratos' name for its own, and ours for pages that hold a form."""

    session: str
    https: bool

    @property
    def page(self) -> str:
        """The name of ours; with the prefix no other host of the domain can set it."""
        return "__Host-webhook_service" if self.https else "webhook_service"

    def set_page(self, response: Response, value: str) -> None:
        """Give ours to the browser until it is closed."""
        response.set_cookie(
            self.page, value, path="/", secure=self.https, httponly=True, samesite="Lax"
        )


@dataclass(frozen=True, slots=True)
class _Request:
    """What counts of a request. A challenge of ``None`` is none that Hydra could have made."""

    challenge: str | None
    session_cookie: str | None
    page_cookie: str | None
    arrived: float | None


def add(app: Flask, gates: Gates, form_keys: FormKeys, cookies: Cookies) -> None:
    """Serve the three gates, and the forms of the pages that two of them show."""
    answering = _Answering(gates, form_keys, cookies)
    for gate, get, post in (
        (Gate.LOGIN, answering.login, None),
        (Gate.CONSENT, answering.consent, answering.consented),
        (Gate.LOGOUT, answering.logout, answering.logged_out),
    ):
        _route(app, gate, "GET", get)
        if post is not None:
            _route(app, gate, "POST", post)


def _route(app: Flask, gate: Gate, method: str, view: Callable[[], Response]) -> None:
    def answer() -> Response:
        traced.begin(request.environ, continued=False)
        return view()

    app.add_url_rule(
        gate.path,
        endpoint=f"{gate.path} {method}",
        view_func=answer,
        methods=[method],
        provide_automatic_options=False,
    )


@dataclass(frozen=True, slots=True)
class _Answering:
    """Reads requests, and answers them with redirects and pages."""

    gates: Gates
    form_keys: FormKeys
    cookies: Cookies

    def login(self) -> Response:
        sent = self._sent(Gate.LOGIN)
        if sent.challenge is None:
            return _notice(Page(Notice.EXPIRED))
        shown = self.gates.login(sent.challenge, sent.session_cookie, sent.arrived)
        return self._answer(Gate.LOGIN, sent, shown)

    def consent(self) -> Response:
        sent = self._sent(Gate.CONSENT)
        if sent.challenge is None:
            return _notice(Page(Notice.EXPIRED))
        shown = self.gates.consent(sent.challenge, sent.session_cookie, sent.arrived)
        return self._answer(Gate.CONSENT, sent, shown)

    def consented(self) -> Response:
        sent, form = self._sent(Gate.CONSENT), read_form(request.environ)
        if sent.challenge is None or not self._is_ours(Gate.CONSENT, sent, form.get(TOKEN)):
            return _notice(Page(Notice.FOREIGN))
        shown = self.gates.consent(
            sent.challenge, sent.session_cookie, sent.arrived, given=form.get(DECISION) == "allow"
        )
        return self._answer(Gate.CONSENT, sent, shown)

    def logout(self) -> Response:
        sent = self._sent(Gate.LOGOUT)
        if sent.challenge is None:
            return _notice(Page(Notice.EXPIRED))
        shown = self.gates.logout(sent.challenge, sent.session_cookie, sent.arrived)
        return self._answer(Gate.LOGOUT, sent, shown)

    def logged_out(self) -> Response:
        sent, form = self._sent(Gate.LOGOUT), read_form(request.environ)
        if sent.challenge is None or not self._is_ours(Gate.LOGOUT, sent, form.get(TOKEN)):
            return _notice(Page(Notice.FOREIGN))
        shown = self.gates.logout(sent.challenge, sent.session_cookie, sent.arrived, confirmed=True)
        return self._answer(Gate.LOGOUT, sent, shown)

    def _sent(self, gate: Gate) -> _Request:
        environ = request.environ
        cookies = environ.get("HTTP_COOKIE", "")
        challenge = request.args.get(f"{gate.value}_challenge", "")
        return _Request(
            challenge=challenge if 0 < len(challenge) <= LONGEST_CHALLENGE else None,
            session_cookie=cookie_value(cookies, self.cookies.session),
            page_cookie=cookie_value(cookies, self.cookies.page),
            arrived=environ.get(ARRIVED_AT),
        )

    def _is_ours(self, gate: Gate, sent: _Request, token: str | None) -> bool:
        return self.form_keys.fits(sent.page_cookie, gate.value, sent.challenge or "", token)

    def _answer(self, gate: Gate, sent: _Request, shown: Shown) -> Response:
        outcome = shown.outcome
        match outcome:
            case Redirect(url=url):
                response = Response(None, status_of(outcome), {**_NO_STORE, "Location": url})
            case Page():
                response = _notice(outcome)
            case Ask() | Confirm():
                response = self._form(gate, sent, outcome)
        if shown.set_cookie is not None:
            response.headers.add("Set-Cookie", shown.set_cookie)
        return response

    def _form(self, gate: Gate, sent: _Request, outcome: Ask | Confirm) -> Response:
        cookie = self.form_keys.cookie(sent.page_cookie)
        token = self.form_keys.token(cookie, gate.value, sent.challenge or "")
        if isinstance(outcome, Ask):
            response = rendering.page(
                "consent.html",
                200,
                token=token,
                client_name=outcome.client_name,
                scopes=outcome.scopes,
                meanings=rendering.MEANINGS,
            )
        else:
            response = rendering.page("logout.html", 200, token=token)
        if cookie != sent.page_cookie:
            self.cookies.set_page(response, cookie)
        return response


def _notice(page: Page) -> Response:
    return rendering.notice(page.notice, status_of(page), page.message, page.again)
