"""How a page of the operator's is registered and rendered: sign-in, CSRF, headers, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, render_template, request

from webhook_service import __version__
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.hooks.credential import cookie_value
from webhook_service.web.body import MAX_FORM, read_form
from webhook_service.web.operator.assets import Assets
from webhook_service.web.operator.moments import ago, clock_text
from webhook_service.web.operator.signing_in import (
    COOKIE,
    FIRST_SEGMENTS,
    HOME,
    Signed,
    SignIns,
    own_path,
)
from webhook_service.web.page_forms import same

__all__ = ["TOKEN", "Shell", "Signed"]

TOKEN: Final = "token"  # noqa: S105  a field's name, no secret
SIGN_IN: Final = "/sign-in"
TO: Final = "to"
"""In the address of the sign-in page: what is to be shown then."""

SIGN_OUT: Final = "/sign-out"
SEGMENTS: Final = FIRST_SEGMENTS | {SIGN_IN[1:], SIGN_OUT[1:]}

NAVIGATION: Final = (
    ("decisions", "/", "Decisions"),
    ("effects", "/effects", "Effects"),
    ("rules", "/rules", "Rules"),
    ("simulate", "/simulate", "Simulate"),
)
"""What ``here`` may name, where it leads, and what it is called."""

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Filters are in the address. Not no-referrer: a form's Origin would be "null" then.
    "Referrer-Policy": "same-origin",
}

View = Callable[..., Response]

_TITLES: Final[Mapping[int, str]] = {
    403: "This form cannot be used any more",
    404: "There is nothing here",
    405: "This page is not asked that way",
    413: "That is too much",
    500: "The service failed",
    503: "The service has too much to do",
}


class Shell:
    """What all pages share.

    Args:
        app: where they are registered.
        sign_ins: tells whose cookies are good.
        assets: the files that they are made of.
        clock: the time of day, aware, in UTC.
    """

    def __init__(
        self, app: Flask, sign_ins: SignIns, assets: Assets, clock: Callable[[], datetime]
    ) -> None:
        self._app = app
        self._sign_ins = sign_ins
        self._assets = assets
        self.clock = clock

    def get(self, path: str, endpoint: str, view: View) -> None:
        """Serve a page to whoever is signed in: ``view(signed, **path values)``.

        A database that is away needs no word of the view's: ``StoreUnavailableError`` becomes a
        page that says so.
        """

        def answer(**values: Any) -> Response:  # noqa: ANN401  what the path holds
            signed = self.signed()
            if signed is None:
                return self._unsigned(own_path(_asked_for()))
            return self._with_store(signed, lambda: view(signed, **values))

        self.route(path, "GET", endpoint, answer)

    def post(self, path: str, endpoint: str, view: View, *, limit: int = MAX_FORM) -> None:
        """Take a form from whoever is signed in: ``view(signed, form, **path values)``.

        The form has the CSRF token of this sign-in, and ``limit`` bytes at the most, as they are
        sent: a text of other letters than ASCII takes up to three times its length.
        """

        def answer(**values: Any) -> Response:  # noqa: ANN401  what the path holds
            signed = self.signed()
            if signed is None:
                return self._unsigned(HOME)
            form = read_form(request.environ, limit)
            if not same(form.get(TOKEN, ""), signed.token):
                return self.notice(
                    signed,
                    403,
                    _TITLES[403],
                    "It was shown to another sign-in. Reload the page and try again.",
                )
            return self._with_store(signed, lambda: view(signed, form, **values))

        self.route(path, "POST", endpoint, answer)

    def page(
        self,
        template: str,
        signed: Signed | None,
        *,
        status: int = 200,
        here: str = "",
        **values: Any,  # noqa: ANN401  what a template takes
    ) -> Response:
        """Render ``operator/<template>``; ``here`` names the current entry of the navigation."""
        html = render_template(f"operator/{template}", **self._shared(signed), here=here, **values)
        return Response(html, status, dict(HEADERS), mimetype="text/html")

    def fragment(
        self,
        template: str,
        signed: Signed,
        **values: Any,  # noqa: ANN401  what a template takes
    ) -> Response:
        """Render a part of a page, for htmx: a template without the layout."""
        return self.page(template, signed, **values)

    def notice(
        self, signed: Signed | None, status: int, title: str, *paragraphs: str, here: str = ""
    ) -> Response:
        """Render a page that says why there is nothing else to see."""
        return self.page(
            "notice.html", signed, status=status, here=here, title=title, paragraphs=paragraphs
        )

    def see_other(self, path: str) -> Response:
        """Send the browser to another page after a form (303).

        Raises:
            ValueError: it is no path of the page's own.
        """
        if own_path(path) != path:
            raise ValueError("only paths of the page's own are redirected to")
        return self.redirect(path)

    def redirect(self, path: str) -> Response:
        """Answer 303, to a path that is known to be ours."""
        return Response(None, 303, {**HEADERS, "Location": path})

    def route(self, path: str, method: str, endpoint: str, view: View) -> None:
        """Register a view as it is, for pages that need no sign-in."""
        self._app.add_url_rule(
            path,
            endpoint=f"operator {endpoint} {method}",
            view_func=view,
            methods=[method],
            provide_automatic_options=False,
        )

    def signed(self) -> Signed | None:
        """Return the sign-in of the request, if its cookie is good."""
        sent = cookie_value(request.environ.get("HTTP_COOKIE", ""), COOKIE)
        return self._sign_ins.signed(sent, self.clock())

    def covers(self, path: str) -> bool:
        """Whether a path is one of the page's, so that its errors are pages as well."""
        return path.startswith("/") and path[1:].partition("/")[0] in SEGMENTS

    def error(self, reason: str, status: int, message: str) -> Response:
        """Render an error as a page."""
        if reason == "request.unauthorized":
            return self.sign_in_page(401, own_path(request.args.get(TO)), wrong=True)
        title = _TITLES.get(status, "The request cannot be read")
        text = message[:1].upper() + message[1:] + "."
        return self.notice(self.signed(), status, title, text)

    def sign_in_page(self, status: int, to: str, *, wrong: bool = False) -> Response:
        """Render the form that asks for a key; ``to`` is the page to show then."""
        return self.page("sign_in.html", None, status=status, to=to, wrong=wrong)

    def _unsigned(self, to: str) -> Response:
        """Ask for a key, in the place of the page: 401.

        A link from a chat or an alert comes without the cookie (SameSite=Strict) though somebody
        is signed in. A page of ours that goes on by itself comes with it. It goes by way of the
        sign-in page, which answers no such page: so it can happen once only, whatever a browser
        says of itself.

        A script that asks for a part of the page is told to load the page anew.
        """
        if request.method == "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            return self.page("passing.html", None, status=401, to=to)
        answer = self.sign_in_page(401, to)
        if "HX-Request" in request.headers:
            answer.headers["HX-Refresh"] = "true"
        return answer

    def _with_store(self, signed: Signed, view: Callable[[], Response]) -> Response:
        try:
            return view()
        except StoreUnavailableError as error:
            return self.page("away.html", signed, status=503, why=str(error))

    def _shared(self, signed: Signed | None) -> dict[str, Any]:
        now = self.clock()
        return {
            "signed": signed,
            "navigation": NAVIGATION,
            "asset": self._assets.path,
            "version": __version__,
            "clock_text": clock_text,
            "ago": lambda at: ago(at, now),
        }


def _asked_for() -> str:
    """Return path and query of the request. The pages' paths are ASCII."""
    query = request.environ.get("QUERY_STRING", "")
    return request.path + (f"?{query}" if query else "")
