"""Kratos' public API where whoami asks for the highest level that a person has (F64)."""

from __future__ import annotations

import pytest
from contract.worlds import deadline
from ory import native
from ory.configuration import Setup
from ory.lab import Ory

from webhook_service.ory.fake import FakeOry
from webhook_service.ory.kratos_public import KratosPublic, SecondFactorMissing
from webhook_service.ory.transport import Transport


@pytest.fixture(scope="module")
def ory_setup() -> Setup:
    return Setup(required_aal="highest_available")


@pytest.mark.ory
def test_the_real_one_hides_a_session_that_lacks_a_factor_its_person_has(ory: Ory) -> None:
    person, other = ory.people.create(), ory.people.create()
    authenticator = native.enrol_authenticator(ory, person)
    held, others = native.login(ory, person), native.login(ory, other)
    public = KratosPublic(Transport("kratos", ory.kratos_public_url))
    assert public.whoami(deadline(), token=others.token) is not None
    with pytest.raises(SecondFactorMissing):
        public.whoami(deadline(), token=held.token)
    native.step_up(ory, held, authenticator)
    session = public.whoami(deadline(), token=held.token)
    assert session is not None
    assert (session.id, session.aal) == (held.id, "aal2")


def test_the_stand_in_hides_it_as_well() -> None:
    fake = FakeOry()
    fake.kratos_public.required_aal = "highest_available"
    held = fake.kratos.sign_in(fake.kratos.add_identity(second_factors=["totp"]))
    others = fake.kratos.sign_in(fake.kratos.add_identity())
    token, others_token = map(fake.kratos_public.token_of, (held, others))
    with fake.serve() as served:
        public = KratosPublic(Transport("kratos", served.kratos_public.url))
        assert public.whoami(deadline(), token=others_token) is not None
        with pytest.raises(SecondFactorMissing):
            public.whoami(deadline(), token=token)
        fake.kratos.add_factor(held, "totp")
        session = public.whoami(deadline(), token=token)
    assert session is not None
    assert (session.id, session.aal) == (held, "aal2")
