"""``/`` and ``/decisions``: what is decided, as it is decided, and why."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from webhook_service.desk.decision import decided, found
from webhook_service.desk.decision_filters import REFUSED, SINCE, asked, number
from webhook_service.desk.decisions import MOST_SHOWN, news, page
from webhook_service.policy.decision import Reason, Verdict
from webhook_service.policy.facts import EventName
from webhook_service.settings import Settings
from webhook_service.web.operator.shell import HEADERS, Shell, Signed
from webhook_service.wiring import Wired

HERE: Final = "decisions"

_SINCE: Final = {"1h": "an hour ago", "24h": "24 hours ago", "7d": "7 days ago"}


def add(shell: Shell, settings: Settings, wired: Wired) -> None:
    """Serve the list, what comes in while it is open, and each decision."""
    reading, policies, hash_key = wired.reading, wired.service.policies, settings.hash_key

    def listed(signed: Signed) -> Response:
        which, now = asked(request.args), shell.clock()
        shown = reading.ask(lambda records: page(records, which, now, hash_key))
        return shell.page(
            "decisions.html",
            signed,
            here=HERE,
            asked=which,
            page=shown,
            most=MOST_SHOWN,
            is_off=not settings.record_days,
            verdicts=[(REFUSED, "any but allow"), *((each, each) for each in Verdict)],
            events=[(each, each) for each in EventName],
            reasons=[(each, each) for each in Reason],
            since=[(each, _SINCE[each]) for each in SINCE],
            rule_names=[rule.name for rule in policies.current.rules],
        )

    def new_rows(signed: Signed) -> Response:
        which, now = asked(request.args), shell.clock()
        after, shown = number(request.args.get("after", "")), number(request.args.get("shown", ""))
        fresh = reading.ask(lambda records: news(records, which, after, now, hash_key))
        if fresh.rows is None or (fresh.rows and not shown):
            return _anew()
        if fresh.last == after:
            return Response(None, 204, dict(HEADERS))
        return shell.fragment(
            "decision_news.html",
            signed,
            asked=which,
            news=fresh,
            shown=min(shown + len(fresh.rows), MOST_SHOWN),
        )

    def one(signed: Signed, seq: int) -> Response:
        both = reading.ask(lambda records: found(records, seq))
        if both is None:
            return shell.notice(
                signed,
                404,
                "There is no such decision",
                f"Decisions are kept for {settings.record_days} days (RECORD_DAYS).",
                here=HERE,
            )
        policy = policies.current
        return shell.page(
            "decision.html",
            signed,
            here=HERE,
            decided=decided(*both, policy),
            digest=policy.digest,
            all_shadow=settings.mode == "shadow",
        )

    shell.get("/", "decisions", listed)
    shell.get("/decisions/rows", "new decisions", new_rows)
    shell.get("/decisions/<int:seq>", "decision", one)


def _anew() -> Response:
    """Let the page be loaded anew: it is empty, or too much has come."""
    return Response(None, 204, {**HEADERS, "HX-Refresh": "true"})
