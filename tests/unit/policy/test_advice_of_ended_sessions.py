"""Warnings about rules that mean well and forget that a session can be over.

Kratos keeps a session that was signed out, with its level and times (F52), and Hydra goes on
refreshing its tokens (F68): a rule sees such a session as inactive, not as absent.
"""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent, indent

import pytest

from webhook_service.policy.advice import CODES, OUTLIVES_SESSION, PASSES_ENDED, advice
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.loader import load

REFRESH = {"token.grant": "refresh_token", "client.id": "web"}
LEVEL = "claims:\n  - {name: level, access_token: {acr: session.aal}}\n"
GUARDED = '"session.active ? session.aal : null"'


def warnings(rules: str, *codes: str) -> list[tuple[int, str]]:
    """Return line and code of the warnings with these codes."""
    policy = load(f"version: 1\n{dedent(rules)}".encode())
    return [(each.line, each.code) for each in advice(policy) if each.code in codes]


def text(rules: str, code: str) -> str:
    policy = load(f"version: 1\n{dedent(rules)}".encode())
    [message] = [each.message for each in advice(policy) if each.code == code]
    return message


def outlives(rules: str) -> bool:
    return bool(warnings(rules, OUTLIVES_SESSION))


def passes(rules: str) -> bool:
    return bool(warnings(rules, PASSES_ENDED))


def claim(value: str, rule: str = "") -> str:
    return f"claims:\n  - name: c\n    access_token: {{c: '{value}'}}\n{indent(rule, '    ')}\n"


def active(rule: str = "") -> str:
    """Write a rule that refuses whose session is over."""
    return f"sessions:\n  - name: live\n    must_be_active: true\n{indent(rule, '    ')}\n"


# claims


def test_what_is_warned_of_is_what_happens(
    decided: Callable[..., Decision], session: Callable[..., dict[str, object]]
) -> None:
    """After sign-out the plain claim stays, the guarded one goes, and must_be_active refuses."""
    over = {**REFRESH, **session("password/aal1 now-2h", "totp/aal2 now-2h", active=False)}
    assert decided(LEVEL, over).claims.access_token == {"acr": "aal2"}
    guarded = LEVEL.replace("session.aal", GUARDED)
    assert decided(guarded, over).claims.access_token == {"acr": None}
    assert decided(LEVEL + active(), over).reason is Reason.SESSION_NOT_ACTIVE
    assert decided(LEVEL.replace(", acc", ", when: session.active, acc"), over).claims == (
        decided("mode: enforce", over).claims
    ), "no claim is named, so that the token keeps the one it has"


@pytest.mark.parametrize(
    "value",
    [
        "session.aal",
        "session.methods",
        "session.authenticated_at",
        "session.issued_at",
        "session.second_factor_at",
        'session.aal == "aal2"',
        "session.found ? session.aal : null",
        'client.id == "web" ? session.aal : null',
        "session.active ? null : session.aal",
        '"totp" in session.methods && client.id == "web"',
    ],
)
def test_a_claim_that_tells_of_the_sign_in_outlives_the_session(value: str) -> None:
    assert outlives(claim(value))


@pytest.mark.parametrize(
    "value",
    [
        "session.active ? session.aal : null",
        'session.active && session.aal == "aal2"',
        "!session.active ? null : session.methods",
        "session.active ? session.aal : identity.traits.level",
        'identity.traits.vip == true || session.active && session.aal == "aal2"',
        '!(identity.traits.vip == true || session.active && session.aal == "aal2")',
        "session.id",
        "session.expires_at",
        "session.active",
        "identity.traits.email",
        '"acme"',
    ],
)
def test_one_that_does_not_is_not_warned_of(value: str) -> None:
    assert not outlives(claim(value))


def test_the_warning_names_token_claims_and_remedy() -> None:
    message = text(
        """
        claims:
          - name: how
            access_token: {amr: session.methods, acr: session.aal, sub_id: identity.id}
        """,
        OUTLIVES_SESSION,
    )
    assert message == (
        '"how": after sign-out a refreshed access_token still tells how somebody signed in'
        " (acr, amr): Kratos tells it of a session that is over, too; write"
        ' "session.active ? session.methods : null" as the value, or refuse such a refresh with'
        " must_be_active"
    )
    assert '"session.active ? … : null"' in text(claim('session.aal == "aal2"'), OUTLIVES_SESSION)


def test_each_token_is_warned_of() -> None:
    rules = (
        "claims:\n  - name: c\n    access_token: {a: session.aal}\n    id_token: {b: session.aal}\n"
    )
    assert warnings(rules, OUTLIVES_SESSION) == [(3, OUTLIVES_SESSION)] * 2


def test_a_named_condition_is_looked_into() -> None:
    strong = "identity.traits.vip == true || session.active && session.aal == 'aal2'"
    condition = f"conditions:\n  strong: {strong}\n"
    assert not outlives(condition + claim("strong"))
    assert outlives(condition.replace("session.active && ", "") + claim("strong"))


def test_a_test_in_when_is_warned_of_and_one_in_the_value_beside_it_does_not_help() -> None:
    """A rule that does not hold leaves the old claim (P31)."""
    message = text(
        claim("session.active ? session.aal : null", "when: session.active"), OUTLIVES_SESSION
    )
    assert "`when` does not hold then, which leaves the old claims as they are" in message


def test_a_claim_of_the_code_exchange_alone_is_meant_to_stay() -> None:
    assert not outlives(claim("session.aal", 'when: token.grant == "authorization_code"'))


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(active(), id="every token"),
        pytest.param(active('when: token.grant == "refresh_token"'), id="every refresh"),
        pytest.param(active("when: |\n  client.id == 'web'"), id="the claim's own condition"),
        pytest.param(
            active("when: client.id == 'web' && session.found"), id="a part that is so by then"
        ),
        pytest.param("deny:\n  - {name: d, when: '!session.active'}\n", id="a deny rule"),
        pytest.param("mfa:\n  - {name: m, require: {aal: aal1}}\n", id="an mfa rule"),
    ],
)
def test_where_such_a_refresh_is_refused_there_is_nothing_to_warn_of(rules: str) -> None:
    assert not outlives(claim("session.aal", "when: client.id == 'web'") + rules)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(active("mode: shadow"), id="in shadow"),
        pytest.param(active("events: [check]"), id="at another event"),
        pytest.param(active("when: client.id == 'app'"), id="of another client"),
        pytest.param(
            active("when: client.id == 'web' && token.subject == 'x'"), id="of one person"
        ),
        pytest.param(active("when: session.active"), id="of nobody"),
        pytest.param("sessions:\n  - {name: s, max_age: 8h}\n", id="of the oldest"),
        pytest.param("deny:\n  - {name: d, when: session.active}\n", id="of the living"),
        pytest.param(
            "revoke:\n  - {name: r, events: [kratos.login], revoke: [tokens]}\n",
            id="nothing refused",
        ),
    ],
)
def test_where_not_every_such_refresh_is_refused_there_is(rules: str) -> None:
    assert outlives(claim("session.aal", "when: client.id == 'web'") + rules)


def test_at_each_of_its_events_a_claim_must_be_covered() -> None:
    both = claim("session.aal", "events: [hydra.token, hydra.refresh_token]")
    assert outlives(both + active())
    assert not outlives(both + active("events: [hydra.token, hydra.refresh_token]"))


def test_one_of_two_that_it_is_about_is_not_enough() -> None:
    rules = claim("session.aal", "when: client.id == 'web' || client.id == 'app'")
    assert outlives(rules + active("when: client.id == 'web'"))
    assert not outlives(rules + active("when: client.id == 'web' || client.id == 'app'"))


def test_rules_in_shadow_are_looked_at_together() -> None:
    assert not outlives("mode: shadow\n" + claim("session.aal") + active())


# rules that would refuse


@pytest.mark.parametrize(
    ("rule", "instead"),
    [
        ("mfa:\n  - {name: a, when: session.active, require: {aal: aal2}}\n", "mfa.no_session"),
        (active("when: session.active"), "must_be_active is that test"),
        ("sessions:\n  - {name: a, when: session.active, max_age: 8h}\n", "live or not"),
        ("deny:\n  - {name: a, when: session.active}\n", "add a sessions rule"),
    ],
)
def test_a_rule_for_live_sessions_only_passes_the_ended_by(rule: str, instead: str) -> None:
    message = text(rule, PASSES_ENDED)
    assert "holds only while session.active: a refresh after sign-out passes it by" in message
    assert instead in message


def test_it_is_so_that_they_are_passed_by(
    decided: Callable[..., Decision], session: Callable[..., dict[str, object]]
) -> None:
    over = {**REFRESH, **session("password/aal1 now-2h", active=False)}
    demand = "mfa:\n  - {name: a, require: {aal: aal2}}\n"
    assert decided(demand, over).reason is Reason.MFA_NO_SESSION
    trapped = demand.replace("require", "when: session.active, require")
    assert decided(trapped, over).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    "when",
    [
        'session.active && client.id == "web"',
        "session.active == true",
        "session.found && session.active",
        "!(!session.active)",
    ],
)
def test_however_the_condition_says_it(when: str) -> None:
    assert passes(f"mfa:\n  - name: a\n    when: |\n      {when}\n    require: {{aal: aal2}}\n")


@pytest.mark.parametrize(
    "when",
    [
        "'!session.active'",
        'session.active || client.id == "web"',
        'session.aal == "aal1"',
        "session.found",
        "false",
        'session.active && token.grant == "authorization_code"',
    ],
)
def test_a_condition_that_can_hold_for_the_ended_too_or_never_is_not_warned_of(when: str) -> None:
    assert not passes(f"mfa:\n  - name: a\n    when: {when}\n    require: {{aal: aal2}}\n")


@pytest.mark.parametrize(
    "rule",
    [
        "extend: true, max_age: unlimited",
        "extend: false",
        "events: [kratos.login], max_age: 8h",
        "events: [check], must_be_active: true",
    ],
)
def test_where_the_condition_does_no_harm_it_is_not_either(rule: str) -> None:
    """P24: what is over is never extended; at a login and a check there is a session."""
    assert not passes(f"sessions:\n  - {{name: a, when: session.active, {rule}}}\n")


def test_another_rule_that_refuses_them_is_enough() -> None:
    trapped = (
        "mfa:\n  - {name: a, when: session.active && client.id == 'x', require: {aal: aal2}}\n"
    )
    assert passes(trapped)
    assert not passes(trapped + active("when: client.id == 'x'"))
    assert passes(trapped + active("when: client.id == 'y'"))


def test_two_rules_with_the_same_trap_do_not_excuse_each_other() -> None:
    rule = "{{name: {}, when: session.active, require: {{aal: aal2}}}}"
    rules = f"mfa:\n  - {rule.format('a')}\n  - {rule.format('b')}\n"
    assert warnings(rules, PASSES_ENDED) == [(3, PASSES_ENDED), (4, PASSES_ENDED)]


def test_a_claims_rule_with_the_test_in_when_is_told_by_its_claims_alone() -> None:
    assert not passes(claim("session.aal", "when: session.active"))


def test_every_code_has_its_prefix_and_stands_once() -> None:
    assert len(set(CODES)) == len(CODES)
    assert all(code.startswith("warning.") for code in CODES)
