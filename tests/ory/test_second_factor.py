"""Tokens wait for a second factor where the policy asks for one, and only there."""

from __future__ import annotations

from datetime import timedelta

import requests
from ory import database, oauth
from ory.browser import Browser
from ory.device import SignIn, person_with_authenticator
from ory.lab import Ory
from ory.service import Service

FOR_ALL = """
mfa:
  - name: everyone uses two factors
    require: {aal: aal2}
"""

FOR_ADMINS = """
mfa:
  - name: admins use two factors
    when: '"admin" in identity.traits.roles'
    require: {aal: aal2}
"""

FRESH = """
mfa:
  - name: a second factor of this quarter of an hour
    require: {aal: aal2, max_age: 15m, methods: [totp, webauthn]}
"""


def refused(reply: requests.Response) -> bool:
    """Hydra tells its client no more than this (F19)."""
    return (reply.status_code, reply.json()["error"]) == (403, "access_denied")


def test_a_refresh_without_the_second_factor_is_refused_and_works_after_the_step_up(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """The live session is judged, not the token: the same refresh token heals (F23, F60)."""
    person, authenticator = person_with_authenticator(ory)
    device = sign_in(person, authenticator=authenticator)
    service.start(FOR_ALL)
    token = device.tokens.refresh
    assert refused(device.refresh())
    record = service.last("hydra.token")
    assert (record["verdict"], record["reason"]) == ("step_up", "mfa.aal_too_low")

    device.browser.step_up()
    assert device.tokens.refresh == token
    assert device.refresh().status_code == 200
    assert device.refresh().status_code == 200


def test_a_person_without_any_second_factor_is_told_apart_as_not_enrolled(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    device = sign_in()
    service.start(FOR_ALL)
    assert refused(device.refresh())
    record = service.last("hydra.token")
    assert (record["verdict"], record["reason"]) == ("enrol", "mfa.not_enrolled")


def test_only_the_group_that_the_rule_names_needs_the_second_factor(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    client = oauth.public_client(ory)
    admin, authenticator = person_with_authenticator(ory, {"roles": ["admin", "editor"]})
    of_admin = sign_in(admin, client, authenticator)
    of_editor = sign_in(ory.people.create({"roles": ["editor"]}), client)
    of_nobody = sign_in(client=client)
    service.start(FOR_ADMINS)
    assert refused(of_admin.refresh())
    assert of_editor.refresh().status_code == 200
    assert of_nobody.refresh().status_code == 200
    of_admin.browser.step_up()
    assert of_admin.refresh().status_code == 200


def test_only_the_client_that_the_rule_names_needs_the_second_factor(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    billing, web = oauth.public_client(ory), oauth.public_client(ory)
    person, authenticator = person_with_authenticator(ory)
    at_billing = sign_in(person, billing, authenticator)
    web_tokens = oauth.sign_in(ory, at_billing.browser, web)
    service.start(f"""
        mfa:
          - name: billing needs two factors
            when: client.id == "{billing.id}"
            require: {{aal: aal2}}
        """)
    assert refused(at_billing.refresh())
    assert oauth.refresh(ory, web, web_tokens.refresh).status_code == 200
    at_billing.browser.step_up()
    assert at_billing.refresh().status_code == 200


def test_a_clients_metadata_can_ask_for_the_second_factor(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    strict = oauth.public_client(ory, metadata={"nist_aal": 2})
    lax = oauth.public_client(ory, metadata={"nist_aal": 1})
    person, authenticator = person_with_authenticator(ory)
    device = sign_in(person, strict, authenticator)
    lax_tokens = oauth.sign_in(ory, device.browser, lax)
    service.start("""
        mfa:
          - name: level 2
            when: client.metadata.nist_aal == 2
            require: {aal: aal2}
        """)
    assert refused(device.refresh())
    assert oauth.refresh(ory, lax, lax_tokens.refresh).status_code == 200


def test_a_code_exchange_without_the_second_factor_is_refused(ory: Ory, service: Service) -> None:
    person, authenticator = person_with_authenticator(ory)
    client = oauth.public_client(ory)
    service.start(FOR_ALL)
    with Browser(ory, person, authenticator) as browser:
        assert refused(oauth.exchange(ory, client, oauth.authorize(ory, browser, client)))


def test_a_login_app_that_asks_for_the_second_factor_leads_to_tokens(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    """F61: asked where a redirect is possible, enforced at the token hook."""
    person, authenticator = person_with_authenticator(ory)
    client, plain = oauth.public_client(ory), oauth.public_client(ory)
    service.start(f"""
        mfa:
          - name: two factors
            when: client.id == "{client.id}"
            require: {{aal: aal2}}
        """)
    device = sign_in(person, plain, authenticator)
    ory.app.second_factor_clients.add(client.id)
    tokens = oauth.sign_in(ory, device.browser, client)
    assert tokens.id_claims["amr"] == ["password", "totp"]


def test_a_second_factor_that_is_too_old_is_asked_for_again(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    person, authenticator = person_with_authenticator(ory)
    device = sign_in(person, authenticator=authenticator)
    device.browser.step_up()
    service.start(FRESH)
    assert device.refresh().status_code == 200
    database.make_older(ory, device.session_id, timedelta(minutes=16))
    assert refused(device.refresh())
    assert service.last("hydra.token", after=1)["reason"] == "mfa.too_old"

    device.browser.give_password_again()
    assert refused(device.refresh()), "the password does not freshen the second factor (F60)"
    device.browser.step_up(again=True)
    assert device.refresh().status_code == 200


def test_a_shadow_run_refuses_nobody_and_records_what_it_would_have_done(
    ory: Ory, service: Service, sign_in: SignIn
) -> None:
    device = sign_in()
    service.start(FOR_ALL, MODE="shadow")
    assert device.refresh().status_code == 200
    record = service.last("hydra.token")
    assert record["verdict"] == "allow"
    assert "mfa.not_enrolled" in str(record["shadow"])
