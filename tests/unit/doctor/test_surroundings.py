"""What the doctor finds in settings and policy, and of the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.planning import CAP, policy_of

from webhook_service.doctor.catalogue import KINDS, installation
from webhook_service.doctor.durations import parsed
from webhook_service.doctor.surroundings import (
    PLATFORMS,
    look_at_address,
    look_at_disk,
    look_at_policy,
    look_at_traces,
)
from webhook_service.policy.model import Policy
from webhook_service.settings import Settings

KEYS = (b"k" * 32,)
WHOLE = Settings(
    kratos_hook_keys=KEYS,
    hydra_hook_keys=KEYS,
    kratos_admin_url="http://127.0.0.1:1",
    hydra_admin_url="http://127.0.0.1:2",
)


def codes(settings: Settings, policy: Policy) -> list[str]:
    return [one.kind.code for one in look_at_policy(settings, policy) if one.kind]


def test_what_fits_together_is_well() -> None:
    assert set(codes(WHOLE, policy_of(CAP))) == {"settings.notice"}
    *_, last = look_at_policy(WHOLE, policy_of(CAP))
    assert last.what.endswith(": 1 rule")


def test_a_rule_that_needs_a_setting_names_it() -> None:
    settings = Settings(kratos_hook_keys=KEYS)
    assert codes(settings, policy_of(CAP)).count("policy.needs_setting") == 1


def test_warnings_of_the_policy_are_passed_on() -> None:
    jwt_bearer_escapes = "mfa:\n  - {name: a, require: {aal: aal2}}"
    assert "policy.warning" in codes(WHOLE, policy_of(jwt_bearer_escapes))


def test_traces_that_nothing_can_send_are_a_warning() -> None:
    wanted, unwanted = Settings(traces=True), Settings()
    assert list(look_at_traces(unwanted, installed=False)) == []
    assert list(look_at_traces(wanted, installed=True)) == []
    (found,) = look_at_traces(wanted, installed=False)
    assert found.kind is installation.NO_TRACES


def test_a_service_in_shadow_is_a_warning() -> None:
    assert "settings.shadow" in codes(Settings(mode="shadow"), policy_of(""))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (None, "settings.no_public_url"),
        ("http://hooks.example.org", "settings.plain_http"),
        ("http://localhost:8080", None),
        ("https://hooks.example.org", None),
    ],
)
def test_the_address_of_the_service(url: str | None, code: str | None) -> None:
    found = [one.kind.code for one in look_at_address(Settings(public_url=url)) if one.kind]
    assert found == ([] if code is None else [code])


DISK = Path("/data/effects/webhook-service.db")


@pytest.mark.parametrize("variable", PLATFORMS)
def test_a_file_on_a_platform_whose_disks_do_not_last(variable: str) -> None:
    findings = list(look_at_disk(policy_of(CAP), DISK, {variable: "x"}, lambda _: False))
    assert [one.kind.code for one in findings if one.kind] == ["database.ephemeral"]
    assert PLATFORMS[variable] in findings[0].what


def test_a_mounted_volume_lasts_and_the_root_is_none() -> None:
    on = {"FLY_APP_NAME": "x"}
    mounted = {Path("/data"), Path("/")}
    assert not list(look_at_disk(policy_of(CAP), DISK, on, mounted.__contains__))
    assert list(look_at_disk(policy_of(CAP), DISK, on, {Path("/")}.__contains__))


@pytest.mark.parametrize(
    ("text", "file", "environment"),
    [
        ("", DISK, {"DYNO": "web.1"}),
        (CAP, None, {"DYNO": "web.1"}),
        (CAP, DISK, {}),
    ],
    ids=["nothing to lose", "a database server", "no platform"],
)
def test_where_nothing_can_be_lost(
    text: str, file: Path | None, environment: dict[str, str]
) -> None:
    no = {}.__contains__
    assert not list(look_at_disk(policy_of(text), file, environment, is_mount=no, exists=no))


def test_a_file_in_a_container_goes_when_that_is_replaced_unless_a_volume_holds_it() -> None:
    mark = {Path("/.dockerenv")}.__contains__
    (finding,) = look_at_disk(policy_of(CAP), DISK, {}, lambda _: False, mark)
    assert finding.kind is installation.DATABASE_EPHEMERAL
    assert "a container" in finding.what
    assert not list(look_at_disk(policy_of(CAP), DISK, {}, {Path("/data")}.__contains__, mark))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("90s", 90), ("1500ms", 1.5), ("1us", 1e-6), ("", None), ("1d", None)],
)
def test_durations_as_ory_writes_them(text: str, seconds: float | None) -> None:
    found = parsed(text)
    assert (None if found is None else found.total_seconds()) == seconds


def test_a_duration_beyond_all_bounds_is_long() -> None:
    found = parsed("9" * 40 + "h")
    assert found is not None
    assert found.days > 10**8


def test_every_kind_has_a_code_of_its_own_and_says_all_that_it_must() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS) > 40
    for kind in KINDS:
        assert all((kind.title, kind.why, kind.remedy)), kind.code
        assert kind.why.endswith("."), kind.code
        assert not kind.title.endswith("."), kind.code
