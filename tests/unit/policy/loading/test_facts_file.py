"""Files of facts: written as the tests of a policy file write them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from webhook_service.policy.cases import facts_of
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.facts import EventName, Source
from webhook_service.policy.loading.facts_file import GivenFacts, read_facts, read_upstream
from webhook_service.policy.model import PolicyTest

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def messages(text: str, *, upstream: bool = False) -> list[str]:
    read = read_upstream if upstream else partial(read_facts, event=EventName.HYDRA_TOKEN)
    with pytest.raises(PolicyError) as error:
        read(text.encode(), "facts.yaml")
    return str(error.value).splitlines()


def problems(text: str, *, upstream: bool = False) -> list[str]:
    return [" ".join(line.split(" ")[:2]) for line in messages(text, upstream=upstream)]


def test_facts_are_read_as_those_of_a_test() -> None:
    text = b"""
    now: 2026-11-25T08:00:00Z
    unavailable: [hydra.client]
    client: {id: web}
    session: {factors: [{method: totp, aal: aal2, completed_at: now-5m}]}
    """
    given = read_facts(text, "facts.yaml", EventName.HYDRA_TOKEN)
    assert given.now == datetime(2026, 11, 25, 8, tzinfo=UTC)
    facts = facts_of(given.as_test(EventName.HYDRA_TOKEN, given.now))
    assert facts.value("client.id") == "web"
    assert facts.value("session.aal") == "aal2"
    assert facts.value("session.authenticated_at") == datetime(2026, 11, 25, 7, 55, tzinfo=UTC)
    assert facts.failed.keys() == {Source.HYDRA_CLIENT}


def test_facts_are_a_test_that_expects_nothing() -> None:
    given = GivenFacts({"client": {"id": "web"}}, frozenset({"hydra.client"}))
    assert given.as_test(EventName.CHECK, NOW) == PolicyTest(
        name="",
        line=1,
        event=EventName.CHECK,
        now=NOW,
        payload=None,
        facts={"client": {"id": "web"}},
        unavailable=frozenset({"hydra.client"}),
        expect={},
    )


def test_everything_may_answer() -> None:
    assert read_facts(b"unavailable: []", "facts.yaml", None).unavailable == frozenset()


def test_json_is_read_too() -> None:
    given = read_facts(b'{"client": {"id": "web"}}', "facts.json", EventName.HYDRA_TOKEN)
    assert given.facts == {"client": {"id": "web"}}


def test_an_empty_file_tells_nothing() -> None:
    assert read_facts(b"", "facts.yaml", EventName.CHECK).facts == {}
    assert read_upstream(b"", "facts.yaml").subjects == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("client: {idd: web}", ["facts.yaml:1:10: policy.unknown_fact:"]),
        ("request: {ip: 192.0.2.1}", ["facts.yaml:1:11: policy.unknown_fact:"]),
        ("people: {}", ["facts.yaml:1:1: policy.unknown_key:"]),
        ("now: noon", ["facts.yaml:1:6: policy.timestamp:"]),
        ("- a", ["facts.yaml:1:1: policy.wrong_type:"]),
        ("client: &a {}", ["facts.yaml:1:9: yaml.feature:"]),
        (
            "client: {id: 7}\nunavailable: [kratos]",
            ["facts.yaml:1:14: policy.wrong_type:", "facts.yaml:2:15: policy.value:"],
        ),
    ],
)
def test_every_error_is_told_with_its_place(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "people: {}",
            (
                "people is not a key of a file of facts; known are event, session, identity,"
                " client, token, flow, request, now and unavailable"
            ),
        ),
        ("- a", "the file is a list; it takes keys such as `client: {id: web}`"),
        ("client: [a]", "client is a list; it takes a mapping of client facts"),
        (
            "unavailable: [kratos]",
            (
                "unavailable: kratos is not accepted; write kratos.session, kratos.identity,"
                " hydra.client or hydra.login_request"
            ),
        ),
    ],
)
def test_an_error_says_what_such_a_file_takes(text: str, said: str) -> None:
    [message] = messages(text)
    assert message.split(": ", 2)[2] == said


def test_reading_stops_after_many_errors() -> None:
    text = "client:\n" + "".join(f"  a{number}: 1\n" for number in range(300))
    assert len(problems(text)) == 200


def test_what_kratos_and_hydra_would_tell_is_told_by_subject_and_client() -> None:
    upstream = read_upstream(
        b"""
        subjects:
          aea95835-aeaf-4997-bd01-d04160cc4ddc:
            session: {aal: aal2}
            identity: {traits: {staff: true}}
        clients:
          web: {client: {metadata: {level: 2}}}
        """,
        "facts.yaml",
    )
    [subject] = upstream.subjects.values()
    assert subject.facts == {"session": {"aal": "aal2"}, "identity": {"traits": {"staff": True}}}
    assert upstream.clients["web"].facts == {"client": {"metadata": {"level": 2}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("people: {}", ["facts.yaml:1:1: policy.unknown_key:"]),
        ("subjects: []", ["facts.yaml:1:11: policy.wrong_type:"]),
        ("subjects: {a: b}", ["facts.yaml:1:15: policy.wrong_type:"]),
        ("subjects: {a: {client: {id: b}}}", ["facts.yaml:1:16: policy.unknown_key:"]),
        ("clients: {a: {client: {idd: b}}}", ["facts.yaml:1:24: policy.unknown_fact:"]),
    ],
)
def test_errors_there_are_told_with_their_places(text: str, expected: list[str]) -> None:
    assert problems(text, upstream=True) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "people: {}",
            "people is not a key of a file of upstream facts; known are subjects and clients",
        ),
        (
            "- a",
            "the file is a list; it takes keys such as `clients: {web: {client: {name: Web}}}`",
        ),
        ("subjects: []", "subjects is a list; it takes a mapping of ids to facts"),
        ("subjects: {a: b}", "a is a text; it takes a mapping of facts"),
        (
            "subjects: {a: {client: {id: b}}}",
            "client is not a key of a subject; known are session and identity",
        ),
        (
            "clients: {a: {flow: {type: api}}}",
            "flow is not a key of a client; known are client",
        ),
    ],
)
def test_an_error_there_says_what_it_takes(text: str, said: str) -> None:
    [message] = messages(text, upstream=True)
    assert message.split(": ", 2)[2] == said
