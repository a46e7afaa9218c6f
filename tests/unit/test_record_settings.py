"""The settings of decision records."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.environment import KEY, OTHER, clear, problems

from webhook_service import settings
from webhook_service.settings import SettingsError


@pytest.fixture(autouse=True)
def only_a_hook_key(monkeypatch: pytest.MonkeyPatch) -> None:
    clear(monkeypatch)
    monkeypatch.setenv("HYDRA_HOOK_KEYS", OTHER)


def test_records_are_kept_for_a_fortnight_with_readable_identifiers() -> None:
    loaded = settings.load()
    assert (loaded.record_days, loaded.record_rate, loaded.hash_key) == (14, 1, None)


def test_they_can_be_kept_longer_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORD_DAYS", "0")
    monkeypatch.setenv("RECORD_RATE", "500")
    loaded = settings.load()
    assert (loaded.record_days, loaded.record_rate) == (0, 500)


def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(
        monkeypatch, RECORD_DAYS="-1", RECORD_RATE="0", HASH_IDENTIFIERS="yes", HASH_KEY="short"
    )
    assert found == {
        "RECORD_DAYS": ['read "-1"; accepted: a whole number from 0 to 3650'],
        "RECORD_RATE": ['read "0"; accepted: a whole number from 1 to 10000'],
        "HASH_IDENTIFIERS": ['read "yes"; accepted: true or false'],
        "HASH_KEY": [
            (
                "key 1 of 1 has 5 characters; accepted: 32 or more."
                " Make one with: webhook-service keys new"
            )
        ],
    }


def test_identifiers_are_hashed_with_a_key_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HASH_KEY", KEY)
    assert settings.load().hash_key is None
    monkeypatch.setenv("HASH_IDENTIFIERS", "true")
    assert settings.load().hash_key == KEY.encode()
    assert KEY not in repr(settings.load())


def test_hashing_without_a_key_is_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems(monkeypatch, HASH_IDENTIFIERS="true") == {
        "HASH_KEY": ["not set; HASH_IDENTIFIERS needs it. Make one with: webhook-service keys new"]
    }


def test_one_key_and_not_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was hashed with the other one would be found by nobody."""
    found = problems(monkeypatch, HASH_IDENTIFIERS="true", HASH_KEY=f"{KEY},{OTHER}")
    assert found == {"HASH_KEY": ["2 keys; accepted: one"]}


def test_the_key_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("HASH_IDENTIFIERS", "true")
    monkeypatch.setenv("HASH_KEY_FILE", str(tmp_path / "key"))
    assert settings.load().hash_key == KEY.encode()
    assert settings.load_hash_key() == KEY.encode()
    found = problems(monkeypatch, HASH_KEY=OTHER)
    assert found == {"HASH_KEY": ["set together with HASH_KEY_FILE; keep one"]}


def test_commands_need_the_hash_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYDRA_HOOK_KEYS")
    assert settings.load_hash_key() is None
    monkeypatch.setenv("HASH_IDENTIFIERS", "true")
    with pytest.raises(SettingsError, match="HASH_KEY"):
        settings.load_hash_key()
    monkeypatch.setenv("HASH_KEY", KEY)
    assert settings.load_hash_key() == KEY.encode()
