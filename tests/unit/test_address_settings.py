"""The settings that are addresses: of Kratos and Hydra, of our pages, of those that may ask."""

from __future__ import annotations

import pytest
from unit.environment import KEY, clear, problems

from webhook_service import settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    clear(monkeypatch)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://kratos",
        "kratos:4434",
        "http://",
        "http://kratos:99999",
        "http://kratos:0",
        "http://kratos/?a=b",
        "http://kratos/#x",
        "http://kra tos",
        "http://[::1",
        "http://kratös",
    ],
)
def test_an_address_must_be_one(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, KRATOS_ADMIN_URL=url)
    assert "accepted: http:// or https://" in found["KRATOS_ADMIN_URL"][0]


def test_a_password_in_an_address_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = problems(
        monkeypatch, HYDRA_HOOK_KEYS=KEY, KRATOS_ADMIN_URL="http://admin:hunter2@kratos"
    )
    assert "hunter2" not in str(found)


def test_an_address_keeps_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("HYDRA_ADMIN_URL", "https://ory.example/hydra/")
    assert settings.load().hydra_admin_url == "https://ory.example/hydra"
    assert settings.load().kratos_admin_url is None


def test_one_address_serves_for_both_on_ory_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HYDRA_HOOK_KEYS": KEY,
        "ORY_PROJECT_URL": "https://slug.projects.example",
        "ORY_API_KEY": "ory_pat_x",
    }.items():
        monkeypatch.setenv(name, value)
    loaded = settings.load()
    assert loaded.kratos_admin_url == loaded.hydra_admin_url == "https://slug.projects.example"
    assert loaded.ory_api_key == "ory_pat_x"
    assert "ory_pat_x" not in repr(loaded)
    assert KEY not in repr(loaded)


def test_the_api_key_travels_over_https_or_stays_on_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Settled question 11."""
    found = problems(
        monkeypatch,
        HYDRA_HOOK_KEYS=KEY,
        ORY_API_KEY="ory_pat_x",
        KRATOS_ADMIN_URL="http://kratos.internal",
        HYDRA_ADMIN_URL="http://127.0.0.1:4445",
    )
    assert set(found) == {"KRATOS_ADMIN_URL"}


def test_a_project_without_its_key_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, ORY_PROJECT_URL="https://x.example")
    assert set(found) == {"ORY_API_KEY"}


def test_origins_are_spelled_as_browsers_spell_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://App.example.org:443, http://127.0.0.1:3000/")
    assert settings.load().allowed_origins == {"https://app.example.org", "http://127.0.0.1:3000"}


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "app.example.org",
        "https://*.example.org",
        "https://app.example.org/orders",
        "https://app.example.org?x",
        "https://app.example.org,",
        "https://user@app.example.org",
        "ftp://app.example.org",
    ],
)
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, ALLOWED_ORIGINS=text)
    assert "accepted: origins such as https://app.example.org" in found["ALLOWED_ORIGINS"][0]


def test_our_own_address_and_the_consent_page_are_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = problems(
        monkeypatch, HYDRA_HOOK_KEYS=KEY, PUBLIC_URL="hooks.example.org", CONSENT_UI_URL="/consent"
    )
    assert set(found) == {"PUBLIC_URL", "CONSENT_UI_URL"}
