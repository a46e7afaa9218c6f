"""What all hooks of Kratos have in common (F33, F34, F38, F94, F105)."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.hooks.calling import OF_KRATOS, call, denied, message_of, recorded_call
from unit.workbench import VERSIONS, Recorded

from webhook_service import sessions
from webhook_service.hooks.event import Event
from webhook_service.hooks.kratos_body import Flow, RequestHeaders
from webhook_service.hooks.shape import ShapeError
from webhook_service.hooks.table import Hook, hooks
from webhook_service.policy.decision import Decision, Reason, Verdict
from webhook_service.policy.facts import FACTS, EventName
from webhook_service.policy.known import FACTORS
from webhook_service.sessions import NIL_UUID

CASES = {
    "login": "kratos.login.api.aal1.minimal",
    "registration": "kratos.registration-password.api.before-persist",
    "settings": "kratos.settings-password.browser",
    "recovery": "kratos.recovery.api",
    "verification": "kratos.verification.api",
}
every_hook = pytest.mark.parametrize("flow", OF_KRATOS)


def example(flow: str) -> tuple[Hook, Any]:
    return OF_KRATOS[flow], Recorded().body(CASES[flow])


def test_every_event_but_the_check_has_a_hook() -> None:
    table = hooks(RequestHeaders())
    assert [hook.event for hook in table.values()] == [
        event for event in EventName if event is not EventName.CHECK
    ]
    assert all(path == hook.path for path, hook in table.items())


def test_the_method_may_stand_in_the_url_where_bodies_do_not_name_it() -> None:
    """F34: recovery and verification name it themselves, and have one list of hooks each."""
    with_method = {flow for flow, hook in OF_KRATOS.items() if hook.with_method}
    assert with_method == {"login", "registration", "settings"}


@pytest.mark.recorded("kratos")
def test_every_recorded_call_tells_its_person_its_flow_and_its_request(
    recorded_path: Path,
) -> None:
    hook, body, event = recorded_call(recorded_path)
    identity, flow = body["identity"], body["flow"]
    assert event.name is hook.event
    assert event.values["event.name"] == hook.event.value
    assert event.values["identity.found"] is True
    assert event.values["identity.traits"] == identity["traits"]
    assert event.values["identity.schema_id"] == identity["schema_id"]
    assert event.values["identity.email_verified"] is any(
        address["verified"] for address in identity["verifiable_addresses"]
    )
    assert event.values["flow.type"] == flow["type"]
    assert event.values["flow.transient"] == flow.get("transient_payload")
    assert event.values["request.user_agent"] == body["request_headers"]["User-Agent"][0]
    stored = identity["id"] != NIL_UUID
    assert event.subject == (identity["id"] if stored else None)
    assert event.values["identity.id"] == event.subject


@pytest.mark.recorded("kratos")
def test_every_recorded_call_tells_only_facts_that_its_event_has(recorded_path: Path) -> None:
    """Section 5; the factors are no fact of the language."""
    hook, _, event = recorded_call(recorded_path)
    names = event.values.keys() - {FACTORS}
    assert all(hook.event in FACTS[name].source for name in names)


@pytest.mark.recorded("kratos")
def test_every_recorded_call_names_its_method(recorded_path: Path) -> None:
    """F34: in the URL, else in the flow."""
    hook, body, event = recorded_call(recorded_path)
    in_url = recorded_path.name.partition("-")[2].partition(".")[0]
    assert event.values["event.method"] == (in_url or body["flow"]["active"])
    if hook.with_method:
        assert call(hook, body, "oidc").values["event.method"] == "oidc"
        assert call(hook, body).values["event.method"] == body["flow"].get("active")


@pytest.mark.recorded("kratos")
def test_nothing_secret_of_a_recorded_context_is_kept(recorded_path: Path) -> None:
    """F94: whole contexts hold cookies, the CSRF token and the login challenge."""
    _, body, event = recorded_call(recorded_path)
    shown = repr(event) + repr(event.values)
    secrets = [*body.get("request_cookies", {}).values()]
    secrets += [body["flow"].get("oauth2_login_challenge") or "no challenge"]
    secrets += [node["attributes"]["value"] for node in _hidden(body)]
    assert not any(secret in shown for secret in secrets)
    assert body["identity"]["traits"]["email"] not in repr(event)


def _hidden(body: Any) -> Iterator[Any]:
    for node in body["flow"].get("ui", {}).get("nodes", []):
        if node["attributes"].get("name") == "csrf_token" and node["attributes"].get("value"):
            yield node


@pytest.mark.parametrize("version", VERSIONS)
@every_hook
def test_tries_of_one_call_have_one_key_and_another_call_another(flow: str, version: str) -> None:
    """F32, F87, F103: bodies of tries are the same; each hook of a list has its own trigger."""
    hook, body = OF_KRATOS[flow], Recorded().body(CASES[flow], version)
    assert call(hook, body).key == call(hook, copy.deepcopy(body)).key
    others = [
        call(hook, body, trigger_id="another"),
        call(hook, body, "totp"),
        call(hook, {**body, "flow": {**body["flow"], "id": "another"}}),
    ]
    assert len({call(hook, body).key, *(event.key for event in others)}) == 4


@every_hook
def test_address_and_country_come_from_the_headers_that_the_settings_name(flow: str) -> None:
    """F105, row 29: X-Forwarded-For decides nothing."""
    hook, body = example(flow)
    body["request_headers"] = {
        "True-Client-Ip": ["192.0.2.9"],
        "X-Forwarded-For": ["203.0.113.5"],
        "cf-ipcountry": "DE",
    }
    event = call(hook, body)
    assert event.values["request.ip"] == "192.0.2.9"
    assert event.values["request.country"] == "DE"
    del body["request_headers"]
    assert call(hook, body).values["request.ip"] is None


@every_hook
def test_a_flow_tells_whether_hydra_asked_for_it(flow: str) -> None:
    hook, body = example(flow)
    for none in (None, ""):
        body["flow"]["oauth2_login_challenge"] = none
        assert call(hook, body).values["flow.oauth2"] is False
    body["flow"]["oauth2_login_challenge"] = "c" * 40
    event = call(hook, body)
    assert event.values["flow.oauth2"] is True
    assert "c" * 40 not in repr(event)


@pytest.mark.parametrize("wrong", ["../../x", "7", "a71e26a0-e394-4d39-998b-e86023e3209"])
@every_hook
def test_an_id_that_is_no_uuid_is_refused(flow: str, wrong: str) -> None:
    """Row 31: it would stand in the path of a call."""
    hook, body = example(flow)
    body["identity"]["id"] = wrong
    with pytest.raises(ShapeError, match=r"^identity\.id: ") as caught:
        call(hook, body)
    assert wrong not in str(caught.value)


@pytest.mark.parametrize("nobody", [NIL_UUID, "", None])
@every_hook
def test_only_a_registration_can_be_of_somebody_without_an_id(flow: str, nobody: object) -> None:
    """F38."""
    hook, body = example(flow)
    body["identity"]["id"] = nobody
    if flow == "registration":
        assert call(hook, body).subject is None
    else:
        with pytest.raises(ShapeError, match=r"^identity\.id: "):
            call(hook, body)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("flow",), None),
        (("flow", "refresh"), "no"),
        (("flow", "transient_payload"), []),
        (("identity",), None),
        (("identity", "created_at"), "soon"),
        (("identity", "verifiable_addresses"), {}),
        (("request_headers",), []),
    ],
)
@every_hook
def test_another_shape_is_refused_by_the_field(
    flow: str, path: tuple[str, ...], value: object
) -> None:
    hook, body = example(flow)
    place = body
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ShapeError, match=rf"^{'.'.join(path)}: "):
        call(hook, body)


SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", NIL_UUID, "odd"])
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("id"), inner),
    max_leaves=3,
)


@settings(max_examples=60, deadline=None)
@given(flow=st.sampled_from(list(OF_KRATOS)), junk=JUNK, data=st.data())
def test_whatever_stands_in_a_field_the_body_reads_or_is_refused_as_not_the_hooks(
    flow: str, junk: object, data: st.DataObject
) -> None:
    hook, body = example(flow)
    place = body
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = junk
    outcome = outcome_of(hook, body)
    if isinstance(outcome, str):
        assert ": " in outcome
        assert "odd" not in outcome
    else:
        assert outcome.values["event.method"] == "password"


def outcome_of(hook: Hook, body: Any) -> Event | str:
    """Return the event, or why there is none."""
    try:
        return call(hook, body, "password")
    except ShapeError as error:
        return str(error)


@every_hook
def test_an_allowed_call_is_answered_204(flow: str) -> None:
    """F40: the safe answer."""
    hook, body = example(flow)
    reply = hook.reply(Decision(hook.event), call(hook, body))
    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize(
    ("reason", "message_id"),
    [
        (Reason.RULE_DENIED, 4900001),
        (Reason.SESSION_PAST_MAX_AGE, 4900002),
        (Reason.SESSION_NOT_ACTIVE, 4900003),
        (Reason.POLICY_UNKNOWN, 4900004),
        (Reason.SESSION_ENDING, 4900000),
    ],
)
@pytest.mark.parametrize("flow", ["login", "registration"])
def test_a_refusal_is_403_with_a_message_above_the_form(
    flow: str, reason: Reason, message_id: int
) -> None:
    """F40, F41: also for want of a fact: a 503 would show an error page after 3 s."""
    hook, body = example(flow)
    reply = hook.reply(denied(hook, reason), call(hook, body))
    assert reply.status == 403
    assert message_of(reply) == {
        "id": message_id,
        "text": "Not from here.",
        "type": "error",
        "context": {"reason": reason.value, "rule": "no"},
    }


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("flow", ["recovery", "verification"])
def test_a_recovery_and_a_verification_are_never_refused(flow: str, verdict: Verdict) -> None:
    """F48, F49: the code is used up by then, the address verified."""
    hook, body = example(flow)
    decision = Decision(hook.event, verdict, Reason.RULE_DENIED, "no", "Not from here.")
    assert hook.reply(decision, call(hook, body)).status == 204


@pytest.mark.parametrize("flow", ["login", "registration", "recovery"])
def test_where_what_must_follow_cannot_be_kept_the_person_is_asked_to_try_again(
    flow: str,
) -> None:
    """E1: Kratos does not repeat a 4xx (F40), and a person can."""
    hook, body = example(flow)
    reply = hook.unstored(call(hook, body))
    assert reply.status == 403
    message = message_of(reply)
    assert message["id"] == 4900005
    assert "try again" in message["text"]
    assert message["context"] == {"reason": "service.store_unavailable", "rule": None}


def test_a_verification_has_nothing_to_keep() -> None:
    hook, body = example("verification")
    assert hook.unstored(call(hook, body)).status == 204


class TestBodyFile:
    """What Kratos is told to send: ``docs/kratos.jsonnet``."""

    TEXT = (Path(__file__).parents[3] / "docs" / "kratos.jsonnet").read_text()

    def passed_on(self, part: str) -> set[str]:
        found = re.search(rf"^  {part}: only\([^\[]*\[([^\]]*)\]", self.TEXT, re.MULTILINE)
        assert found is not None
        return set(re.findall(r"'(\w+)'", found[1]))

    def test_it_passes_on_what_is_read_and_no_more(self) -> None:
        """``flow.id`` is read by nobody: it tells two calls of one person apart (F32)."""
        assert self.passed_on("flow") == {"id", *Flow().fields}
        only_of_admin = {"credentials", "metadata_admin"}
        assert self.passed_on("identity") == sessions._IDENTITY.fields.keys() - only_of_admin
        assert self.passed_on("session") == sessions._LISTED_SESSION.fields.keys()

    def test_it_hands_over_no_cookie_unless_the_operator_says_so(self) -> None:
        """F94."""
        assert "\nlocal pass_session_cookie = false;\n" in self.TEXT
        assert self.TEXT.count("cookie(ctx)") == 2
