"""The environment: everything that is wrong with it at once, and no secret repeated."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from unit.environment import KEY, OTHER, clear, problems

from webhook_service import settings
from webhook_service.settings import SettingsError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    clear(monkeypatch)


def test_one_hook_key_is_enough_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    loaded = settings.load()
    assert loaded.hydra_hook_keys == (KEY.encode(),)
    assert loaded.kratos_hook_keys == ()
    assert loaded.port == 8080
    assert loaded.hook_deadline == timedelta(milliseconds=600)
    assert loaded.server == "gunicorn"
    assert loaded.mode == "enforce"
    assert loaded.policy_file == Path("policy.yaml")
    assert loaded.use_env_proxies is False


def test_each_caller_has_keys_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """bad-inputs row 7 would mean nothing with one key for two."""
    found = problems(
        monkeypatch, KRATOS_HOOK_KEYS=f"{OTHER},{KEY}", HYDRA_HOOK_KEYS=KEY, OPERATOR_KEYS=OTHER
    )
    assert found == {
        "HYDRA_HOOK_KEYS": ["shares a key with KRATOS_HOOK_KEYS; one for each caller"],
        "OPERATOR_KEYS": ["shares a key with KRATOS_HOOK_KEYS; one for each caller"],
    }


def test_without_any_hook_key_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(monkeypatch, OPERATOR_KEYS=KEY)
    assert "HYDRA_HOOK_KEYS" in found["KRATOS_HOOK_KEYS"][0]
    assert "webhook-service keys new" in found["KRATOS_HOOK_KEYS"][0]


def test_two_keys_so_that_one_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRATOS_HOOK_KEYS", f"{KEY}, {OTHER}")
    assert settings.load().kratos_hook_keys == (KEY.encode(), OTHER.encode())


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("short", "has 5 characters"),
        (f"{KEY},", "key 2 of 2 has 0 characters"),
        (f"{KEY},{OTHER},{'x' * 32}", "3 keys"),
        (f"{KEY},{KEY}", "the same"),
        ("k" * 31 + "é", "not visible ASCII"),
        ("k" * 16 + " " + "k" * 16, "not visible ASCII"),
    ],
)
def test_a_weak_key_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, keys: str, said: str
) -> None:
    """bad-inputs row 9."""
    found = problems(monkeypatch, KRATOS_HOOK_KEYS=keys)
    assert said in found["KRATOS_HOOK_KEYS"][0]
    assert keys not in str(found)
    assert len(found["KRATOS_HOOK_KEYS"]) == 1


def test_every_error_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(
        monkeypatch,
        PORT="0",
        HOOK_DEADLINE="5",
        MODE="audit",
        KRATOS_ADMIN_URL="kratos:4434",
        HYDRA_HOOK_KEYS="abc",
        CLIENT_IP_HEADER="two words",
        WEB_THREADS="many",
        SERVER="apache",
    )
    assert set(found) == {
        "PORT",
        "HOOK_DEADLINE",
        "MODE",
        "KRATOS_ADMIN_URL",
        "HYDRA_HOOK_KEYS",
        "CLIENT_IP_HEADER",
        "WEB_THREADS",
        "SERVER",
    }
    assert found["MODE"] == ['read "audit"; accepted: enforce or shadow']


def test_the_message_lists_a_line_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PORT": "x" * 100, "HYDRA_HOOK_KEYS": "abc"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    lines = str(caught.value).splitlines()
    assert lines[0] == "The service does not start: 2 settings are wrong."
    assert lines[2].startswith('  PORT             read "xxxx')
    assert "…" in lines[2]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("50ms", 50), ("600ms", 600), ("2s", 2000), ("1s", 1000)]
)
def test_a_deadline_has_a_unit(
    monkeypatch: pytest.MonkeyPatch, text: str, milliseconds: int
) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("HOOK_DEADLINE", text)
    assert settings.load().hook_deadline == timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("text", ["600", "0ms", "49ms", "2001ms", "3s", "1 s", "-1s", "1.5s", ""])
def test_a_deadline_that_hydra_would_not_wait_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """F22, F25: three tries and 3 s between them within 10 s."""
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, HOOK_DEADLINE=text)
    assert "50ms to 2s" in found["HOOK_DEADLINE"][0]


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{KEY},{OTHER}\r\n")
    monkeypatch.setenv("HYDRA_HOOK_KEYS_FILE", str(file))
    assert settings.load().hydra_hook_keys == (KEY.encode(), OTHER.encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not a UTF-8"),
        (b"\n", "is empty"),
        (b"short\n", "has 5 characters"),
    ],
)
def test_a_file_that_holds_no_key_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    found = problems(monkeypatch, HYDRA_HOOK_KEYS_FILE=str(file))
    assert set(found) == {"HYDRA_HOOK_KEYS_FILE"}
    assert said in found["HYDRA_HOOK_KEYS_FILE"][0]


def test_a_secret_and_its_file_together_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_text(KEY)
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, HYDRA_HOOK_KEYS_FILE=str(file))
    assert "keep one" in found["HYDRA_HOOK_KEYS"][0]


def test_effects_are_kept_in_a_file_and_done_inside_web_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    read = settings.load()
    assert read.database_url == "sqlite:///webhook-service.db"
    assert read.effects_worker == "web"
    assert read.session_cookie == "ory_kratos_session"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_server_has_workers_beside_it(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://ada:pw@db:5432/effects?sslmode=require")
    read = settings.load()
    assert read.database_url == "postgresql+psycopg://ada:pw@db:5432/effects?sslmode=require"
    assert read.effects_worker == "worker"
    assert "pw" not in repr(read)
    monkeypatch.setenv("EFFECTS_WORKER", "web")
    assert settings.load().effects_worker == "web"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://secret@db/effects",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///",
        "postgresql://db",
        "secret",
        "postgresql://db:secret/effects",
    ],
)
def test_a_database_that_cannot_keep_effects_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsError, match=r"accepted: sqlite:///FILE or postgresql://") as error:
        settings.load()
    assert "secret" not in str(error.value)
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        settings.load_database_url()


def test_the_address_of_a_database_may_stand_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("postgres://db/effects\n")
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert settings.load().database_url == "postgresql+psycopg://db/effects"
    assert settings.load_database_url() == "postgresql+psycopg://db/effects"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///a.db")
    with pytest.raises(SettingsError, match="set together with DATABASE_URL_FILE"):
        settings.load_database_url()


def test_a_cookie_has_a_name_that_a_cookie_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    monkeypatch.setenv("SESSION_COOKIE", "a cookie")
    with pytest.raises(SettingsError, match="the name of a cookie"):
        settings.load()


def test_checks_have_keys_of_their_own_and_need_both_of_kratos_apis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, CHECK_KEYS=KEY)
    assert found["CHECK_KEYS"] == ["shares a key with HYDRA_HOOK_KEYS; one for each caller"]
    assert "CHECK_KEYS needs it" in found["KRATOS_PUBLIC_URL"][0]
    assert "CHECK_KEYS needs it" in found["KRATOS_ADMIN_URL"][0]


def test_the_keys_of_checks_can_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text(f"{KEY},{OTHER}\n")
    monkeypatch.setenv("HYDRA_HOOK_KEYS", "h" * 32)
    monkeypatch.setenv("CHECK_KEYS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("KRATOS_PUBLIC_URL", "https://auth.example.org")
    monkeypatch.setenv("KRATOS_ADMIN_URL", "http://kratos:4434")
    assert settings.load().check_keys == (KEY.encode(), OTHER.encode())


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 5), ("0", 0), ("0s", 0), ("500ms", 0.5), ("5s", 5), ("60s", 60)]
)
def test_facts_are_remembered_for_a_minute_at_the_most(
    monkeypatch: pytest.MonkeyPatch, text: str, seconds: float
) -> None:
    monkeypatch.setenv("HYDRA_HOOK_KEYS", KEY)
    if text:
        monkeypatch.setenv("CHECK_CACHE", text)
    assert settings.load().check_cache == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["61s", "5", "1m", "-1s", "off", "00"])
def test_another_time_to_remember_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    found = problems(monkeypatch, HYDRA_HOOK_KEYS=KEY, CHECK_CACHE=text)
    assert found["CHECK_CACHE"][0].endswith("accepted: 0, or up to 60s, such as 5s or 500ms")
