"""People who take longer than Hydra waits for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from browser.gate_visits import begin
from browser.lab import Lab
from browser.visitor import Visitor
from ory.service import Service

pytestmark = pytest.mark.usefixtures("gates", "_hydra_waits_a_moment")

WAITS_SECONDS = 3


@pytest.fixture(scope="module")
def _hydra_waits_a_moment(lab: Lab, gates: None) -> Iterator[None]:
    """Let a login or consent expire in seconds instead of half an hour."""
    file, server = lab.ory.folder / "hydra.json", lab.ory.servers.hydra
    before = file.read_text()
    configured = json.loads(before)
    configured["ttl"]["login_consent_request"] = f"{WAITS_SECONDS}s"
    for text in (json.dumps(configured), before):
        server.stop()
        file.write_text(text)
        server.start()
        if text != before:
            yield


def test_a_consent_that_is_given_too_late_ends_on_a_page_that_says_so(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    visitor.begin("login")
    visitor.sign_in(lab.ory.people.create())
    client = begin(lab, {})
    visitor.open(client.address)
    assert visitor.heading.startswith("Allow ")
    visitor.page.wait_for_timeout((WAITS_SECONDS + 1) * 1000)
    visitor.allow()
    assert visitor.heading == "This page is no longer valid"
    visitor.page.reload()
    assert visitor.heading == "This page is no longer valid"


def test_a_login_that_takes_too_long_ends_somewhere_and_goes_around_nowhere(
    lab: Lab, visitor: Visitor, service: Service
) -> None:
    service.start("", **lab.service_settings)
    client = begin(lab, {"first_party": True})
    visitor.open(client.address)
    visitor.page.wait_for_timeout((WAITS_SECONDS + 1) * 1000)
    visitor.sign_in(lab.ory.people.create())
    assert visitor.address in {client.client.redirect_uri, f"{lab.ui_url}/error"}
    assert "code" not in visitor.query
