"""One look at remembered facts, where another thread asks and its answer does not come."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import responses
from unit.workbench import HeldEffects

from webhook_service.early.looking import Look, session_key
from webhook_service.early.proofs import AmbiguousError, Inquiry, Proofs
from webhook_service.early.remembering import Memory
from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.gather import Gatherer, Known
from webhook_service.hooks.credential import Credential, Proof
from webhook_service.hooks.event import Event
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos_public import KratosPublic
from webhook_service.ory.transport import Transport
from webhook_service.policy.decision import Decision
from webhook_service.policy.facts import EventName, Source

SUBJECT = "aea95835-aeaf-4997-bd01-d04160cc4ddc"
SESSION = "a1daf59b-bb36-40b2-9ae7-e3eab04e223d"
TOKEN = Credential(Proof.SESSION_TOKEN, "ory_st_x")


def look(memory: Memory, effects: HeldEffects | None = None, seconds: float = 5.0) -> Look:
    public = KratosPublic(Transport("kratos", "http://127.0.0.1:9"))
    return Look(
        memory=memory,
        proofs=Proofs(public, None, None),
        gatherer=Gatherer(None, None, timedelta(0)),
        effects=effects or HeldEffects(),
        inquiry=Inquiry(Deadline.after(seconds)),
        begun=time.monotonic(),
    )


@contextmanager
def asking(memory: Memory, key: Hashable) -> Iterator[None]:
    """Let another thread ask for something until the block ends."""
    asked, ended = threading.Event(), threading.Event()

    def ask() -> None:
        asked.set()
        ended.wait(10)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(memory.get, key, ask, Deadline.after(10), since=0.0)
        assert asked.wait(10)
        yield
        ended.set()


def known() -> Known:
    return Known.of(Event(EventName.CHECK, "0" * 32, {}, subject=SUBJECT))


def test_a_session_that_another_check_waits_for_is_unknown_at_the_deadline() -> None:
    memory = Memory(60.0)
    with asking(memory, session_key(TOKEN)), pytest.raises(OryError) as caught:
        look(memory, seconds=0.02).session(TOKEN)
    assert caught.value.reason is UpstreamReason.TIMEOUT


def test_so_is_an_identity() -> None:
    memory, waiting = Memory(60.0), known()
    wants = Decision(EventName.CHECK, wants=frozenset({Source.KRATOS_IDENTITY}))
    with asking(memory, (Source.KRATOS_IDENTITY, SUBJECT)):
        look(memory, seconds=0.02).ask(waiting, wants, Deadline.after(5))
    assert waiting.failed == {Source.KRATOS_IDENTITY: "upstream.timeout"}


def test_so_is_what_is_being_ended() -> None:
    memory = Memory(60.0)
    with asking(memory, ("endings", SUBJECT)), pytest.raises(StoreUnavailableError):
        look(memory, seconds=0.02).endings_of(SUBJECT, 0.1)


def test_a_store_that_is_away_is_asked_again_by_the_next_check() -> None:
    memory, effects = Memory(60.0), HeldEffects(away=True)
    with pytest.raises(StoreUnavailableError):
        look(memory, effects).endings_of(SUBJECT, 0.1)
    effects.away = False
    assert look(memory, effects).endings_of(SUBJECT, 0.1) == ()


def test_a_source_that_belongs_to_nobody_is_asked_as_ever() -> None:
    one = Known.of(Event(EventName.CHECK, "0" * 32, {}))
    wants = Decision(EventName.CHECK, wants=frozenset({Source.KRATOS_IDENTITY}))
    look(Memory(60.0)).ask(one, wants, Deadline.after(5))
    assert one.failed == {Source.KRATOS_IDENTITY: "upstream.unreachable"}


@pytest.mark.parametrize(
    "credential",
    [Credential(Proof.SESSION_ID, SESSION, SUBJECT), Credential(Proof.ACCESS_TOKEN, "ory_at_x")],
)
def test_what_no_setting_names_tells_nothing(credential: Credential) -> None:
    with pytest.raises(OryError) as caught:
        look(Memory(60.0)).session(credential)
    assert caught.value.reason is UpstreamReason.UNREACHABLE


def test_everybody_who_waits_is_told_what_went_wrong_in_an_error_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = OryError("kratos", UpstreamReason.BUSY, "answered 503")

    def fails(*_: object) -> None:
        raise first

    monkeypatch.setattr(Proofs, "find", fails)
    with pytest.raises(OryError) as caught:
        look(Memory(60.0)).session(TOKEN)
    assert caught.value is not first
    assert (caught.value.upstream, caught.value.reason) == ("kratos", UpstreamReason.BUSY)


def test_an_ambiguous_session_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise AmbiguousError("session.ambiguous")

    monkeypatch.setattr(Proofs, "find", fails)
    with pytest.raises(AmbiguousError, match=r"session\.ambiguous"):
        look(Memory(60.0)).session(TOKEN)


@pytest.mark.parametrize(
    "other",
    [
        Credential(Proof.SESSION_TOKEN, "ory_st_y"),
        Credential(Proof.SESSION_COOKIE, "ory_st_x"),
        Credential(Proof.SESSION_TOKEN, "ory_st_x", SUBJECT),
    ],
)
def test_the_key_of_a_credential_is_its_own_and_holds_nothing_of_it(other: Credential) -> None:
    assert session_key(TOKEN) == session_key(Credential(Proof.SESSION_TOKEN, "ory_st_x"))
    assert session_key(other) != session_key(TOKEN)
    assert "ory_st" not in repr(session_key(TOKEN))


def test_a_session_of_nobody_is_no_answer_of_kratos() -> None:
    with responses.RequestsMock() as mock:
        body = {"id": SESSION, "active": True, "identity": None}
        mock.get("http://127.0.0.1:9/sessions/whoami", json=body)
        with pytest.raises(OryError) as caught:
            look(Memory(60.0)).session(TOKEN)
    assert caught.value.reason is UpstreamReason.INVALID


def test_a_token_that_names_no_session_is_unknown_where_kratos_cannot_be_asked() -> None:
    one = look(Memory(60.0))
    hydra = Hydra(Transport("hydra", "http://127.0.0.1:9"))
    one.proofs = replace(one.proofs, hydra=hydra)
    told = {"active": True, "token_use": "access_token", "sub": SUBJECT}
    with responses.RequestsMock() as mock:
        mock.post("http://127.0.0.1:9/admin/oauth2/introspect", json=told)
        with pytest.raises(OryError) as caught:
            one.session(Credential(Proof.ACCESS_TOKEN, "ory_at_x"))
    assert caught.value.reason is UpstreamReason.UNREACHABLE
