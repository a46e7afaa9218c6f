"""``/sign-in`` and ``/sign-out``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import structlog
from flask import Response, request

from webhook_service.web.body import read_form
from webhook_service.web.errors import RefusedError
from webhook_service.web.operator.shell import SIGN_IN, SIGN_OUT, TO, Shell, Signed
from webhook_service.web.operator.signing_in import COOKIE, LASTS, SignIns, is_own_form, own_path

KEPT: Final = "kept"
"""In the address to which a browser is sent with its new cookie: has it come back?"""


def add(
    shell: Shell,
    sign_ins: SignIns,
    public_url: str | None,
    logger: structlog.typing.FilteringBoundLogger,
) -> None:
    """Serve the form, take it, and end what it began."""

    def form() -> Response:
        to = own_path(request.args.get(TO))
        if shell.signed() is not None:
            return shell.see_other(to)
        if KEPT in request.args:
            return shell.page("not_kept.html", None, status=400, to=to)
        return shell.sign_in_page(200, to)

    def sign_in() -> Response:
        if not is_own_form(request.environ, public_url):
            return shell.notice(
                None,
                403,
                "This form was not sent from here",
                "Open the page for signing in, and give the key there.",
                "Behind a proxy that does not hand on Host, set PUBLIC_URL to the address that"
                " browsers see.",
            )
        key = read_form(request.environ).get("key", "").strip()
        cookie = sign_ins.cookie(key, shell.clock())
        if cookie is None:
            raise RefusedError("request.unauthorized", "the key is none of OPERATOR_KEYS")
        logger.info("operator signed in")
        to = own_path(request.args.get(TO))
        answer = shell.redirect(f"{SIGN_IN}?{urlencode({KEPT: 1, TO: to})}")
        _set(answer, cookie, int(LASTS.total_seconds()))
        return answer

    def sign_out(_: Signed, __: Mapping[str, str]) -> Response:
        logger.info("operator signed out")
        answer = shell.redirect(SIGN_IN)
        _set(answer, "", 0)
        return answer

    shell.route(SIGN_IN, "GET", "sign in", form)
    shell.route(SIGN_IN, "POST", "sign in", sign_in)
    shell.post(SIGN_OUT, "sign out", sign_out)


def _set(answer: Response, value: str, seconds: int) -> None:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite="Strict",
    )
