"""Sections 2 and 3: what the rules of each section may say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from webhook_service.policy.loader import load
from webhook_service.policy.loading.problems import MAX_PROBLEMS
from webhook_service.policy.model import MfaRule, Policy, SessionRule

Errors = Callable[[str | bytes], list[str]]
Message = Callable[[str | bytes], str]

V = "version: 1\n"
DENY = f"{V}deny:\n  - name: a\n"
MFA = f"{V}mfa:\n  - name: a\n"
SESSIONS = f"{V}sessions:\n  - name: a\n"
REVOKE = f"{V}revoke:\n  - name: a\n    events: [kratos.settings]\n"
CLAIMS = f"{V}claims:\n  - name: a\n"
REQUIRE = "    require: {aal: aal2}\n"


def load_text(text: str) -> Policy:
    return load(text.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The file
        ("version: '1'", ["1:10 policy.version"]),
        ("version: 1.0", ["1:10 policy.version"]),
        ("version: true", ["1:10 policy.version"]),
        ("version: [1]", ["1:10 policy.version"]),
        ("version:", ["1:9 policy.version"]),
        ("---\n", ["1:1 policy.missing_key"]),
        ("null", ["1:1 policy.missing_key"]),
        ("- version: 1", ["1:1 policy.wrong_type"]),
        ("version", ["1:1 policy.wrong_type"]),
        (f"{V}session: []", ["2:1 policy.unknown_key"]),
        (f"{V}mode: true", ["2:7 policy.wrong_type"]),
        (f"{V}mfa:", ["2:5 policy.wrong_type"]),
        (f"{V}mfa: {{name: a}}", ["2:6 policy.wrong_type"]),
        (f"{V}mfa: [a]", ["2:7 policy.wrong_type"]),
        (f"{V}conditions: []", ["2:13 policy.wrong_type"]),
        ("version: 2\nmode: x", ["1:10 policy.version", "2:7 policy.value"]),
        # Every rule
        (f"{V}deny:\n  - name: ''", ["3:11 policy.value"]),
        (f"{V}deny:\n  - name: {'x' * 81}", ["3:11 policy.value"]),
        (f'{V}deny:\n  - name: "a\\nb"', ["3:11 policy.value"]),
        (f'{V}deny:\n  - name: "a\\u2028b"', ["3:11 policy.value"]),
        (f"{V}deny:\n  - name: 12", ["3:11 policy.wrong_type"]),
        (f"{V}deny:\n  - name:", ["3:10 policy.wrong_type"]),
        (f"{V}deny:\n  - name: [a]", ["3:11 policy.wrong_type"]),
        (f"{DENY}    description: {'x' * 501}", ["4:18 policy.value"]),
        (f'{DENY}    description: "\\0"', ["4:18 policy.value"]),
        (f"{DENY}    message: {'x' * 201}", ["4:14 policy.value"]),
        (f'{DENY}    message: " "', ["4:14 policy.value"]),
        (f"{DENY}    mode: observe", ["4:11 policy.value"]),
        (f"{DENY}    on_error: skip", ["4:15 policy.value"]),
        (f"{DENY}    on_error: false", ["4:15 policy.wrong_type"]),
        (f"{DENY}    require: {{aal: aal2}}", ["4:5 policy.unknown_key"]),
        (f"{DENY}    when:", ["4:10 policy.wrong_type"]),
        (f"{DENY}    when: [true]", ["4:11 policy.wrong_type"]),
        (f"{DENY}    when: {{a: b}}", ["4:11 policy.wrong_type"]),
        (f"{DENY}    when: ''", ["4:12 condition.syntax"]),
        (f"{DENY}    events: []", ["4:13 policy.value"]),
        (f"{DENY}    events:", ["4:12 policy.wrong_type"]),
        (f"{DENY}    events: [check, 1, check]", ["4:21 policy.wrong_type", "4:24 policy.value"]),
        (f"{DENY}    events: [kratos.recovery]", ["4:14 policy.event_not_allowed"]),
        (f"{DENY}    events: [kratos.verification]", ["4:14 policy.event_not_allowed"]),
        (
            f"{DENY}  - name: a\n  - name: a",
            [
                "4:11 policy.duplicate_name",
                "5:11 policy.duplicate_name",
            ],
        ),
        # mfa
        (f"{MFA}    require: aal2", ["4:14 policy.wrong_type"]),
        (f"{MFA}    require: {{}}", ["4:14 policy.missing_key"]),
        (f"{MFA}    require: {{aal: 2}}", ["4:20 policy.wrong_type"]),
        (f"{MFA}    require: {{aal: aal2, max_age: 0s}}", ["4:35 policy.duration"]),
        (f"{MFA}    require: {{aal: aal2, max_age: 3651d}}", ["4:35 policy.duration"]),
        (f"{MFA}    require: {{aal: aal2, max_age: true}}", ["4:35 policy.wrong_type"]),
        (f"{MFA}    require: {{aal: aal2, max_age: }}", ["4:34 policy.wrong_type"]),
        (f"{MFA}    require: {{aal: aal2, max_age: [1h]}}", ["4:35 policy.wrong_type"]),
        (f"{MFA}    require: {{aal: aal2, max_ages: 1h}}", ["4:26 policy.unknown_key"]),
        (f"{MFA}    require: {{aal: aal1, methods: [sms]}}", ["4:36 policy.value"]),
        (f"{MFA}    require: {{aal: x, methods: [password]}}", ["4:20 policy.value"]),
        (f"{MFA}{REQUIRE}    enrolment: 3d", ["5:16 policy.wrong_type"]),
        (f"{MFA}{REQUIRE}    enrolment: {{}}", ["5:16 policy.no_effect"]),
        (f"{MFA}{REQUIRE}    enrolment: {{grace: 3}}", ["5:24 policy.duration"]),
        (f"{MFA}{REQUIRE}    enrolment: {{since: 2026}}", ["5:24 policy.timestamp"]),
        (f"{MFA}{REQUIRE}    enrolment: {{since: [a]}}", ["5:24 policy.wrong_type"]),
        (f"{MFA}{REQUIRE}    step_up_within: 10m", ["5:21 policy.contradiction"]),
        (
            f"{MFA}{REQUIRE}    step_up_within: 10m\n    events: [check]",
            ["5:21 policy.contradiction"],
        ),
        (
            f"{MFA}{REQUIRE}    step_up_within: 10m\n    events: [kratos.logn]",
            ["6:14 policy.value"],
        ),
        (f"{MFA}{REQUIRE}    step_up_within: 10m\n    events: check", ["6:13 policy.wrong_type"]),
        (
            f"{MFA}{REQUIRE}    step_up_within: 0s\n    events: [kratos.login]",
            ["5:21 policy.duration"],
        ),
        # sessions
        (f"{SESSIONS}    extend: {{}}\n    max_age: 1d", ["4:13 policy.missing_key"]),
        (f"{SESSIONS}    extend: {{when_left: 1d}}", ["4:13 policy.contradiction"]),
        (
            f"{SESSIONS}    extend: {{when_left: x}}",
            ["4:13 policy.contradiction", "4:25 policy.duration"],
        ),
        (
            f"{SESSIONS}    extend: {{when: 1d}}\n    max_age: 1d",
            [
                "4:13 policy.missing_key",
                "4:14 policy.unknown_key",
            ],
        ),
        (f"{SESSIONS}    extend: 1d\n    max_age: 1d", ["4:13 policy.wrong_type"]),
        (f"{SESSIONS}    extend: [a]\n    max_age: 1d", ["4:13 policy.wrong_type"]),
        (f"{SESSIONS}    max_age: never", ["4:14 policy.duration"]),
        (f"{SESSIONS}    max_age: 8h\n    counted_from: now", ["5:19 policy.value"]),
        (
            f"{SESSIONS}    max_age: unlimited\n    counted_from: issued_at",
            [
                "5:19 policy.contradiction",
            ],
        ),
        (f"{SESSIONS}    must_be_active: false", ["3:5 policy.no_effect"]),
        (f"{SESSIONS}    must_be_active: on", ["4:21 policy.wrong_type"]),
        # revoke
        (f"{REVOKE}    revoke: []", ["5:13 policy.value"]),
        (f"{REVOKE}    revoke: tokens", ["5:13 policy.wrong_type"]),
        (f"{REVOKE}    revoke: [token]", ["5:14 policy.value"]),
        (f"{REVOKE}    revoke: [tokens, tokens]", ["5:22 policy.value"]),
        (f"{REVOKE}    revoke: [tokens]\n    on_error: allow", ["6:15 policy.value"]),
        (f"{REVOKE}    revoke: [tokens]\n    message: Hello", ["6:5 policy.unknown_key"]),
        (
            f"{V}revoke:\n  - revoke: [tokens]\n    name: a\n    events: [hydra.token]",
            [
                "5:14 policy.event_not_allowed",
            ],
        ),
        # claims
        (f"{CLAIMS}    when: client.id == 'x'", ["3:5 policy.missing_key"]),
        (f"{CLAIMS}    access_token: {{}}", ["4:19 policy.value"]),
        (f"{CLAIMS}    access_token: [acr]", ["4:19 policy.wrong_type"]),
        (f"{CLAIMS}    access_token: {{1a: now}}", ["4:20 policy.value"]),
        (f"{CLAIMS}    access_token: {{'a b': now}}", ["4:20 policy.value"]),
        (f"{CLAIMS}    access_token: {{{'a' * 65}: now}}", ["4:20 policy.value"]),
        (f"{CLAIMS}    access_token: {{é: now}}", ["4:20 policy.value"]),
        (
            f"{CLAIMS}    access_token: {{scope: now, scp: now, client_id: now}}",
            [
                "4:20 policy.reserved_claim",
                "4:32 policy.reserved_claim",
                "4:42 policy.reserved_claim",
            ],
        ),
        (f"{CLAIMS}    id_token: {{nonce: now, scope: now}}", ["4:16 policy.reserved_claim"]),
        (f"{CLAIMS}    access_token: {{a: }}", ["4:22 policy.wrong_type"]),
        (f"{CLAIMS}    access_token: {{a: [now]}}", ["4:23 policy.wrong_type"]),
        (f"{CLAIMS}    access_token: {{a: acme}}", ["4:23 condition.unknown_fact"]),
        (f"{CLAIMS}    access_token: {{a: now}}\n    on_error: deny", ["5:5 policy.unknown_key"]),
        (f"{CLAIMS}    access_token: {{a: now}}\n    message: x", ["5:5 policy.unknown_key"]),
        # conditions
        (f"{V}conditions: {{exists: now == now}}", ["2:14 policy.reserved_name"]),
        (f"{V}conditions: {{now: now == now}}", ["2:14 policy.reserved_name"]),
        (f"{V}conditions: {{Staff: now == now}}", ["2:14 policy.reserved_name"]),
        (f"{V}conditions: {{{'a' * 41}: now == now}}", ["2:14 policy.reserved_name"]),
        (f"{V}conditions: {{a: 1}}", ["2:17 policy.wrong_type"]),
        (f"{V}conditions: {{a: session.aal}}", ["2:17 condition.not_boolean"]),
    ],
)
def test_what_a_rule_may_not_say_is_refused_at_its_place(
    text: str, expected: list[str], errors: Errors
) -> None:
    assert errors(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{V}deny:\n  - name: {'x' * 80}\n    message: {'y' * 200}\n    description: {'z' * 500}",
        f"{V}deny:\n  - name: '☕ {{{{ }}}} % \\'",
        f"{DENY}    when: true",
        f"{DENY}    message: |\n      Two lines,\n      both read.\n",
        f"{MFA}    require: {{aal: aal1, methods: [password, passkey]}}",
        f"{MFA}{REQUIRE}    enrolment: {{since: 2026-12-01T00:00:00Z}}",
        f"{SESSIONS}    max_age: 3650d",
        f"{SESSIONS}    must_be_active: true",
        f"{SESSIONS}    extend: false",
        f"{SESSIONS}    extend: {{when_left: 1h}}\n    max_age: unlimited",
        f"{REVOKE}    revoke: [all_sessions, tokens]\n    on_error: revoke",
        f"{CLAIMS}    access_token: {{acr: session.aal}}\n    id_token: {{client_id: client.id}}",
        f"{CLAIMS}    id_token: {{'_a:b./-c': '\"acme\"', n: 1.5, t: true, x: null}}",
        f"{V}conditions: {{{'a' * 40}: now == now}}",
    ],
)
def test_what_the_specification_allows_loads(text: str) -> None:
    assert load_text(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{V}sesions: []", "sesions is not a key of a policy file; did you mean sessions?"),
        (f"{V}x: []", "x is not a key of a policy file; known are version, mode, conditions,"),
        (f"{V}deny: [{{}}]", "a deny rule needs `name`"),
        ("version: 2", "2 is not supported; write 1"),
        ("version: [1]", "a list is not supported; write 1"),
        (f"{V}mode: shadows", "shadows is not accepted; write enforce or shadow"),
        (f"{V}mode: ''", '"" is not accepted'),
        (f"{V}mfa:", "mfa is empty; it takes a list of rules"),
        (f"{V}mfa: {{}}", "mfa is a mapping; it takes a list of rules"),
        (f"{V}mfa: [a]", "mfa is a text; it takes a list of rules; an mfa rule is a mapping"),
        (f"{V}deny: [{{name: 1}}]", "name is a number; it takes a text, in quotes"),
        (f"{V}deny: [{{name: true}}]", "name is true or false; it takes a text, in quotes"),
        (f"{V}deny: [{{name: {'x' * 81}}}]", "81 characters; write 1 to 80"),
        (f'{V}deny: [{{name: "\\e"}}]', "character U+001B is not allowed"),
        (f"{DENY}    when: 1", "when is a number; it takes a condition, in quotes or after `|`"),
        (f"{SESSIONS}    max_age: 8 h", "8 h is not a duration; write 8h, without spaces"),
        (f"{SESSIONS}    max_age: 8", "8 is not a duration; add a unit, such as 8s or 8m"),
        (f"{SESSIONS}    max_age: 0h", "0h is not a duration; it must be longer than 0"),
        (f"{SESSIONS}    max_age: 10m1h", "10m1h is not a duration; its parts are days, hours,"),
        (f"{SESSIONS}    max_age: 3651d", "at most 3650d in all"),
        (f"{SESSIONS}    max_age: 1.5h", "1.5h is not a duration; write whole days, hours,"),
        (f"{SESSIONS}    max_age: '-1h'", "such as 15m, 8h or 1d12h"),
        (f"{SESSIONS}    max_age: true", "max_age is true or false; it takes a duration"),
        (f"{SESSIONS}    extend: true", "add max_age, or `max_age: unlimited` if there is none"),
        (f"{MFA}    require: {{aal: aal2, methods: [passkey]}}", '!("passkey" in session.methods)'),
        (f"{MFA}    require: {{aal: aal2, methods: [password]}}", "counts it as a first factor"),
        (
            f"{MFA}    require: {{aal: aal2, methods: [webauth]}}",
            "webauth is not accepted; write totp, webauthn, lookup_secret or code",
        ),
        (
            f"{MFA}    require: {{aal: aal1, methods: [webauth]}}",
            "webauth is not accepted; did you mean webauthn?",
        ),
        (
            f"{MFA}{REQUIRE}    events: [kratos.login]",
            "needs `step_up_within` (the time in which to step up), because it listens to",
        ),
        (
            f"{MFA}{REQUIRE}    enrolment: {{since: 2026-12-01}}",
            "write it with seconds and an offset, such as 2026-12-01T00:00:00Z",
        ),
        (f"{MFA}{REQUIRE}deny:\n  - name: a", "the rule in line 6 has this name already"),
        (f"{CLAIMS}    id_token: {{acr: now}}", "acr in the id_token is not the policy's to set"),
        (f"{CLAIMS}    when: 'true'", "a claims rule needs `access_token` or `id_token`"),
        (f"{V}conditions: {{in: now == now}}", "in is a word of the condition language"),
        (f"{V}conditions: {{token: now == now}}", "token is where facts begin"),
        (f"{V}conditions: {{A: now == now}}", "a small letter, then at most 39 of a-z, 0-9 and _"),
    ],
)
def test_a_message_says_what_was_read_what_is_accepted_and_what_to_do(
    text: str, words: str, message: Message
) -> None:
    assert words in message(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{V}mode: {'x' * 100}",
        f"{V}{'x' * 100}: y",
        f"{V}conditions: {{{'x' * 100}: now == now}}",
        f"{SESSIONS}    max_age: {'9' * 100}",
        f"{MFA}{REQUIRE}    enrolment: {{since: {'x' * 100}}}",
        f"{CLAIMS}    access_token: {{'{' ' * 100}': now}}",
        f"version: {'x' * 100}",
        f"{V}'{'x' * 100}': 1",
    ],
)
def test_no_message_repeats_a_long_value(text: str, message: Message) -> None:
    assert "…" in message(text)
    assert len(message(text)) < 250


def test_a_message_stands_in_one_line_whatever_it_repeats(message: Message) -> None:
    assert message(f'{V}mode: "\\e[31m\\nred\\u202e"').startswith(
        r"mode: \x1b[31m\nred\u202e is not accepted"
    )


def test_two_hundred_errors_are_reported_and_the_last_says_so(errors: Errors) -> None:
    """P2 reports all errors of a file; nobody reads more than these."""
    rules = "".join(f"  - name: n{number}\n    x: y\n" for number in range(MAX_PROBLEMS + 50))
    assert len(errors(f"{V}deny:\n{rules}")) == MAX_PROBLEMS


def test_the_last_of_too_many_errors_says_that_reading_stopped(
    problems: Callable[[str], tuple[object, ...]],
) -> None:
    rules = "".join(f"  - name: n{number}\n    x: y\n" for number in range(MAX_PROBLEMS))
    assert "reading stopped after 200 errors" in str(problems(f"{V}deny:\n{rules}")[-1])
    rules = rules.replace("x: y", "mode: shadow", 1)
    assert "reading stopped" not in str(problems(f"{V}deny:\n{rules}")[-1])


def test_errors_stand_in_file_order_whatever_order_they_are_found_in(errors: Errors) -> None:
    text = f"{V}mfa:\n  - name: a\n    mode: x\n    require: {{}}\ndeny:\n  - nme: b\nmode: y"
    assert errors(text) == [
        "4:11 policy.value",
        "5:14 policy.missing_key",
        "7:5 policy.missing_key",
        "7:5 policy.unknown_key",
        "8:7 policy.value",
    ]


@pytest.mark.parametrize(("text", "span"), [("0s", timedelta(0)), ("1d2h", timedelta(hours=26))])
def test_a_grace_of_nothing_is_a_grace(text: str, span: timedelta) -> None:
    """P5: `enrolment.grace` allows `0s`."""
    rule = load_text(f"{MFA}{REQUIRE}    enrolment: {{grace: {text}}}").rules[0]
    assert isinstance(rule, MfaRule)
    assert rule.enrolment
    assert (rule.enrolment.grace, rule.enrolment.since) == (span, None)


def test_unlimited_is_not_the_same_as_no_say() -> None:
    """P22."""
    unlimited = load_text(f"{SESSIONS}    max_age: unlimited").rules[0]
    silent = load_text(f"{SESSIONS}    extend: false").rules[0]
    assert isinstance(unlimited, SessionRule)
    assert isinstance(silent, SessionRule)
    assert (unlimited.max_age, silent.max_age) == ("unlimited", None)
    assert (unlimited.extend, silent.extend) == (None, False)
