"""Kratos' admin API, as our client sees it (F52 to F56, F77, F100)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from contract.worlds import LIFESPAN, World, deadline

from webhook_service.ory.errors import NotFound
from webhook_service.sessions import Session

UNKNOWN = "11111111-2222-4333-8444-555555555555"
NIL = "00000000-0000-0000-0000-000000000000"


def read(world: World, session_id: str) -> Session:
    session = world.kratos.session(session_id, deadline())
    assert session is not None
    return session


def test_a_session_is_read_with_its_identity(world: World) -> None:
    person = world.person(department="engineering", metadata_admin={"tier": 1})
    session = read(world, world.sign_in(person))
    assert session.active
    assert (session.aal, session.methods) == ("aal1", ("password",))
    assert session.second_factor_at is None
    assert session.expires_at is not None
    assert session.issued_at is not None
    assert session.expires_at - session.issued_at == LIFESPAN
    assert session.identity is not None
    assert session.identity.id == person
    assert session.identity.state == "active"
    assert session.identity.traits["department"] == "engineering"


def test_the_identity_inside_a_session_has_no_admin_metadata_and_no_factors(world: World) -> None:
    """F100: for these the identity itself has to be read."""
    person = world.person(metadata_admin={"tier": 1})
    world.enrol_totp(person)
    identity = read(world, world.sign_in(person)).identity
    assert identity is not None
    assert identity.metadata_admin is None
    assert identity.second_factors is None


def test_a_step_up_makes_a_session_aal2_and_leaves_issued_at_alone(world: World) -> None:
    """F52, F97: ``authenticated_at`` moves, ``issued_at`` does not."""
    person = world.person()
    world.enrol_totp(person)
    session_id = world.sign_in(person)
    before = read(world, session_id)
    world.step_up(session_id)
    after = read(world, session_id)
    assert (after.aal, after.methods) == ("aal2", ("password", "totp"))
    assert after.second_factor_at == after.factors[-1].completed_at
    assert after.issued_at == before.issued_at
    assert after.authenticated_at is not None
    assert before.authenticated_at is not None
    assert after.authenticated_at > before.authenticated_at


def test_a_refresh_login_adds_its_factor_and_keeps_the_others(world: World) -> None:
    """F30, F60: what was completed stays in the session for good."""
    person = world.person()
    world.enrol_totp(person)
    session_id = world.sign_in(person)
    world.step_up(session_id)
    before = read(world, session_id)
    world.refresh(session_id)
    after = read(world, session_id)
    assert after.methods == ("password", "totp", "password")
    assert after.factors[:2] == before.factors
    assert after.aal == "aal2"
    assert after.second_factor_at == before.second_factor_at


@pytest.mark.parametrize("session_id", [UNKNOWN, NIL, "../../x", "not-a-uuid", ""])
def test_a_session_that_is_not_there_is_none(world: World, session_id: str) -> None:
    assert world.kratos.session(session_id, deadline()) is None


def test_a_revoked_session_is_still_there_and_not_active(world: World) -> None:
    session_id = world.sign_in(world.person())
    world.revoke(session_id)
    assert not read(world, session_id).active


def test_an_expired_session_is_still_there_and_not_active(world: World) -> None:
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=-1))
    assert not read(world, session_id).active


def test_a_session_of_a_disabled_identity_is_not_active(world: World) -> None:
    """F100: seen because the session is read with its identity."""
    person = world.person()
    session_id = world.sign_in(person)
    world.disable(person)
    session = read(world, session_id)
    assert not session.active
    assert session.identity is not None
    assert session.identity.state == "inactive"


def test_a_deleted_identity_takes_its_sessions_along(world: World) -> None:
    """F82."""
    person = world.person()
    session_id = world.sign_in(person)
    world.delete(person)
    assert world.kratos.session(session_id, deadline()) is None
    assert world.kratos.identity(person, deadline()) is None
    assert world.kratos.sessions_of(person, deadline()).items == ()


def test_all_sessions_of_a_person_are_listed_newest_first_ended_ones_too(world: World) -> None:
    """F53; without their identity, which is incomplete in a list."""
    person = world.person()
    ended, alive = world.sign_in(person), world.sign_in(person)
    world.revoke(ended)
    listed = world.kratos.sessions_of(person, deadline())
    assert listed.complete
    assert [(one.id, one.active) for one in listed.items] == [(alive, True), (ended, False)]
    assert [one.identity for one in listed.items] == [None, None]
    assert listed.items[0].factors == read(world, alive).factors


def test_sessions_of_a_disabled_identity_are_listed_as_not_active(world: World) -> None:
    """F100."""
    person = world.person()
    world.sign_in(person)
    world.disable(person)
    assert [one.active for one in world.kratos.sessions_of(person, deadline()).items] == [False]


@pytest.mark.parametrize("identity_id", [UNKNOWN, NIL, "alice", "../../x"])
def test_an_unknown_identity_has_no_sessions(world: World, identity_id: str) -> None:
    listed = world.kratos.sessions_of(identity_id, deadline())
    assert (listed.items, listed.complete) == ((), True)


@pytest.mark.parametrize("identity_id", [UNKNOWN, NIL, "alice", "../../x"])
def test_an_unknown_identity_is_none(world: World, identity_id: str) -> None:
    assert world.kratos.identity(identity_id, deadline()) is None


def test_an_identity_is_read_with_its_metadata_and_without_a_second_factor(world: World) -> None:
    """F77: the webauthn entry that everyone has is no factor."""
    person = world.person(metadata_admin={"tier": 1}, department="engineering")
    identity = world.kratos.identity(person, deadline())
    assert identity is not None
    assert identity.id == person
    assert identity.metadata_admin == {"tier": 1}
    assert identity.traits["department"] == "engineering"
    assert identity.second_factors == ()
    assert not identity.email_verified
    assert identity.created_at is not None
    assert abs(identity.created_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_enrolled_authenticator_app_is_a_second_factor(world: World) -> None:
    person = world.person()
    world.enrol_totp(person)
    identity = world.kratos.identity(person, deadline())
    assert identity is not None
    assert identity.second_factors == ("totp",)


def test_extend_gives_the_lifespan_anew(world: World) -> None:
    """F54, F96: without ``earliest_possible_extend`` every call extends."""
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=10))
    extended = world.kratos.extend(session_id, deadline())
    assert extended is not None
    assert extended.expires_at is not None
    assert extended.expires_at > datetime.now(UTC) + timedelta(minutes=59)
    assert read(world, session_id).expires_at == extended.expires_at


def test_extend_brings_an_expired_session_back_to_life(world: World) -> None:
    """F55: the reason why a session is read before it is extended."""
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=-10))
    world.kratos.extend(session_id, deadline())
    assert read(world, session_id).active


def test_extend_moves_the_end_of_a_revoked_session_and_leaves_it_ended(world: World) -> None:
    """F55."""
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(minutes=10))
    world.revoke(session_id)
    extended = world.kratos.extend(session_id, deadline())
    assert extended is not None
    assert not extended.active
    assert extended.expires_at is not None
    assert extended.expires_at > datetime.now(UTC) + timedelta(minutes=59)


def test_extend_moves_the_end_of_a_disabled_identitys_session_and_says_not_active(
    world: World,
) -> None:
    person = world.person()
    session_id = world.sign_in(person)
    world.leave(session_id, timedelta(minutes=10))
    world.disable(person)
    extended = world.kratos.extend(session_id, deadline())
    assert extended is not None
    assert not extended.active
    assert extended.expires_at is not None
    assert extended.expires_at > datetime.now(UTC) + timedelta(minutes=59)


def test_extend_never_shortens(world: World) -> None:
    """F96."""
    session_id = world.sign_in(world.person())
    world.leave(session_id, timedelta(hours=5))
    before = read(world, session_id)
    extended = world.kratos.extend(session_id, deadline())
    assert extended is not None
    assert extended.expires_at == before.expires_at


@pytest.mark.parametrize("session_id", [UNKNOWN, NIL, "../../x"])
def test_extending_a_session_that_is_not_there_is_an_error(world: World, session_id: str) -> None:
    with pytest.raises(NotFound):
        world.kratos.extend(session_id, deadline())


def test_kratos_says_that_it_is_ready(world: World) -> None:
    world.kratos.ready(deadline())


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", f"/admin/sessions/{UNKNOWN}", 404),
        ("GET", "/admin/sessions/not-a-uuid", 400),
        ("GET", f"/admin/sessions/{NIL}?expand=identity", 404),
        ("DELETE", f"/admin/sessions/{UNKNOWN}", 404),
        ("PATCH", f"/admin/sessions/{UNKNOWN}/extend", 404),
        ("PATCH", "/admin/sessions/not-a-uuid/extend", 400),
        ("GET", f"/admin/identities/{UNKNOWN}", 404),
        ("GET", "/admin/identities/not-a-uuid", 404),
        ("GET", "/admin/identities/not-a-uuid/sessions", 400),
        ("GET", f"/admin/identities/{UNKNOWN}/sessions", 200),
        ("DELETE", f"/admin/identities/{UNKNOWN}/sessions", 404),
        ("GET", "/health/ready", 307),
        ("GET", "/admin/health/ready", 200),
        ("GET", "/admin/nothing", 404),
    ],
)
def test_both_answer_what_is_not_there_with_the_same_status(
    world: World, method: str, target: str, status: int
) -> None:
    """F56."""
    assert world.ask("kratos", method, target).status_code == status


def test_an_expansion_that_does_not_exist_is_refused(world: World) -> None:
    session_id = world.sign_in(world.person())
    assert world.ask("kratos", "GET", f"/admin/sessions/{session_id}?expand=x").status_code == 400


def test_without_the_identity_a_disabled_one_does_not_show(world: World) -> None:
    """F100: the reason why a session is always read with its identity."""
    person = world.person()
    session_id = world.sign_in(person)
    world.disable(person)
    session = world.ask("kratos", "GET", f"/admin/sessions/{session_id}").json()
    assert session["active"] is True
    assert session["identity"] is None


def test_sessions_are_ended_one_by_one_and_forgotten_all_at_once(world: World) -> None:
    """F56."""
    person = world.person()
    session_id = world.sign_in(person)
    assert world.ask("kratos", "DELETE", f"/admin/sessions/{session_id}").status_code == 204
    assert world.ask("kratos", "DELETE", f"/admin/sessions/{session_id}").status_code == 204
    everything = f"/admin/identities/{person}/sessions"
    assert world.ask("kratos", "DELETE", everything).status_code == 204
    assert world.ask("kratos", "DELETE", everything).status_code == 404
    assert world.kratos.session(session_id, deadline()) is None


def test_a_list_of_more_than_a_page_holds_the_newest(world: World) -> None:
    """F53. The link to the next page leads to the same page: following it would not end."""
    person = world.person()
    ids = [world.sign_in(person) for _ in range(5)]
    page = world.ask("kratos", "GET", f"/admin/identities/{person}/sessions?page_size=2")
    assert [one["id"] for one in page.json()] == [ids[4], ids[3]]
    assert page.headers["X-Total-Count"] == "5"
    following = world.ask("kratos", "GET", page.links["next"]["url"])
    assert following.json() == page.json()
    last = world.ask("kratos", "GET", page.links["last"]["url"])
    assert [one["id"] for one in last.json()] == [ids[2], ids[1]]


def test_a_list_can_be_of_the_active_ones_only(world: World) -> None:
    """F53."""
    person = world.person()
    ended, alive = world.sign_in(person), world.sign_in(person)
    world.revoke(ended)
    active = world.ask("kratos", "GET", f"/admin/identities/{person}/sessions?active=true")
    assert [one["id"] for one in active.json()] == [alive]
    assert list(active.links) == ["first"]
