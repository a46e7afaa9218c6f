"""``ory-config``, as an operator runs it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from unit.planning import CAP, HYDRA_KEY, KRATOS_KEY, REVOKE, policy_of

from webhook_service.ory_config.jsonnet import text_of
from webhook_service.ory_config.jsonnet_file import document
from webhook_service.ory_config.yaml_edit import read

Run = Callable[..., Result]
Write = Callable[..., Path]

PUBLIC_URL = "https://hooks.example.org"
KRATOS = """\
# ours
selfservice:
  methods:
    totp: {enabled: true}   # since May
  flows:
    login:
      after:
        hooks:
          - hook: revoke_active_sessions
"""


@pytest.fixture(autouse=True)
def installation(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set what an operator has set, and nothing else."""
    for name in ("KRATOS_ADMIN_URL", "HYDRA_ADMIN_URL", "COUNTRY_HEADER", "CLIENT_IP_HEADER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PUBLIC_URL", PUBLIC_URL)
    monkeypatch.setenv("KRATOS_HOOK_KEYS", f"{KRATOS_KEY},another-key-of-kratos-0123456789abcdef")
    monkeypatch.setenv("HYDRA_HOOK_KEYS", HYDRA_KEY)
    monkeypatch.setenv("POLICY_FILE", str(write(CAP)))
    monkeypatch.chdir(tmp_path)


def hooks(text: str) -> Any:
    return read(text)["selfservice"]["flows"]["login"]["after"]


def test_kratos_gets_each_methods_list_with_the_first_key(run: Run) -> None:
    printed = run("ory-config", "kratos").stdout
    assert set(hooks(printed)) == set(
        "password oidc code totp lookup_secret webauthn passkey".split()
    )
    (hook,) = hooks(printed)["totp"]["hooks"]
    assert hook["config"]["url"] == f"{PUBLIC_URL}/hooks/kratos/login/totp"
    assert hook["config"]["auth"]["config"]["value"] == f"Bearer {KRATOS_KEY}"
    assert "another-key" not in printed
    assert printed.startswith(f"# For Kratos, by policy {policy_of(CAP).digest}. It holds keys")


def test_only_the_named_methods_are_configured(run: Run) -> None:
    printed = run("ory-config", "kratos", "--methods", "totp, password,totp").stdout
    assert list(hooks(printed)) == ["totp", "password"]


def test_a_method_that_kratos_does_not_know_is_refused_with_those_it_does(run: Run) -> None:
    result = run("ory-config", "kratos", "--methods", "sms", status=2)
    assert '"sms" is none of: password, oidc' in result.stderr


def test_hydra_gets_its_hook_at_the_address_that_it_reaches(run: Run) -> None:
    printed = run("ory-config", "hydra", "--hooks-url", "http://hooks:8080/").stdout
    assert read(printed)["oauth2"]["token_hook"]["url"] == "http://hooks:8080/hooks/hydra/token"


def test_the_gates_are_at_the_public_address(run: Run) -> None:
    printed = run("ory-config", "hydra", "--gates", "--hooks-url", "http://hooks:8080").stdout
    assert read(printed)["urls"]["consent"] == f"{PUBLIC_URL}/oauth2/consent"


def test_without_keys_no_key_need_be_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KRATOS_HOOK_KEYS")
    monkeypatch.delenv("HYDRA_HOOK_KEYS")
    printed = run("ory-config", "kratos", "--no-keys").stdout
    assert "Bearer ${KRATOS_HOOK_KEY}" in printed
    assert "It holds keys" not in printed
    assert "Bearer ${HYDRA_HOOK_KEY}" in run("ory-config", "hydra", "--no-keys").stdout


def test_a_caller_without_a_key_is_told_how_to_get_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KRATOS_HOOK_KEYS")
    result = run("ory-config", "kratos", status=1)
    assert "KRATOS_HOOK_KEYS is not set" in result.stderr
    assert "keys new" in result.stderr
    run("ory-config", "hydra")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PUBLIC_URL", None, "PUBLIC_URL is not set"),
        ("POLICY_FILE", "none.yaml", "POLICY_FILE: none.yaml: No such file"),
        ("PORT", "x", "PORT"),
    ],
)
def test_what_is_missing_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, said: str
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    assert said in run("ory-config", "kratos", status=1).stderr


def test_the_gates_need_an_address_for_browsers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUBLIC_URL")
    arguments = ("ory-config", "hydra", "--hooks-url", "http://hooks:8080")
    run(*arguments)
    assert "--gates sends browsers there" in run(*arguments, "--gates", status=1).stderr


@pytest.mark.parametrize("address", ["a:1", "https://", "https://a?b=1", "https://me:secret@a"])
def test_what_is_no_address_to_add_paths_to_is_refused(run: Run, address: str) -> None:
    said = run("ory-config", "hydra", "--hooks-url", address, status=2).stderr
    assert "accepted: http:// or https://, a host" in " ".join(said.split())
    assert "secret" not in said


def test_a_policy_with_errors_is_reported_as_check_does(run: Run, write: Write) -> None:
    wrong = write("sessions: 1\n", "wrong.policy.yaml")
    result = run("ory-config", "kratos", "--policy", wrong, status=1)
    assert f"{wrong}:2:11: policy.wrong_type" in result.stderr


def test_a_file_is_printed_with_the_hooks_of_the_methods_it_switches_on(
    run: Run, write: Write
) -> None:
    file = write(KRATOS, "kratos.yml")
    result = run("ory-config", "kratos", "--merge", file)
    assert set(hooks(result.stdout)) == {"hooks", "password", "totp"}
    last = hooks(result.stdout)["totp"]["hooks"][-1]
    assert last == {"hook": "revoke_active_sessions"}
    assert result.stdout.startswith(KRATOS)
    assert file.read_text() == KRATOS


def test_a_file_is_written_once_and_then_left_alone(run: Run, write: Write) -> None:
    file = write(KRATOS, "kratos.yml")
    arguments = ("ory-config", "kratos", "--merge", file, "--write")
    assert run(*arguments).stderr.startswith(f"{file}: written\n")
    once = file.read_bytes()
    assert once.startswith(KRATOS.encode())
    result = run(*arguments)
    assert result.stderr.startswith(f"{file}: nothing to change\n")
    assert (result.stdout, file.read_bytes()) == ("", once)


def test_writing_needs_a_file(run: Run) -> None:
    assert "--merge" in run("ory-config", "hydra", "--write", status=2).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("oauth2: {token_hook: https://other.example.org/}", "calls https://other.example.org/"),
        ("oauth2: [", "line 1: "),
        ("oauth2: &a {}\n", "shared by an anchor"),
    ],
)
def test_a_file_that_is_in_the_way_is_named(run: Run, write: Write, text: str, said: str) -> None:
    file = write(text, "hydra.yml")
    result = run("ory-config", "hydra", "--merge", file, status=1)
    assert f"Error: {file}: " in result.stderr
    assert said in result.stderr


def test_a_file_that_is_no_text_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hydra.yml").write_bytes(b"a: \xff")
    result = run("ory-config", "hydra", "--merge", "hydra.yml", status=1)
    assert "hydra.yml: it is not UTF-8 text" in result.stderr


def test_the_body_may_be_a_file(run: Run, tmp_path: Path) -> None:
    printed = run(
        "ory-config", "kratos", "--methods", "password", "--jsonnet", "body.jsonnet"
    ).stdout
    (hook,) = hooks(printed)["password"]["hooks"]
    assert hook["config"]["body"] == "file://body.jsonnet"
    assert (tmp_path / "body.jsonnet").read_text() == document()


def test_a_folder_that_is_not_there_is_named(run: Run) -> None:
    result = run("ory-config", "kratos", "--jsonnet", "none/body.jsonnet", status=1)
    assert "none/body.jsonnet: No such file" in result.stderr


def test_a_body_that_cannot_be_written_leaves_the_file_that_would_name_it(
    run: Run, write: Write
) -> None:
    file = write(KRATOS, "kratos.yml")
    run(
        *("ory-config", "kratos", "--merge", file, "--write"),
        *("--jsonnet", "none/body.jsonnet"),
        status=1,
    )
    assert file.read_text() == KRATOS


def test_a_project_of_ory_network_keeps_what_it_knows_of_itself(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORY_PROJECT_URL", "https://x.projects.oryapis.com")
    monkeypatch.setenv("ORY_API_KEY", "ory_pat_0123456789abcdef")
    for command in ("network", "kratos", "hydra"):
        printed = run("ory-config", command, "--gates", "--no-keys").stdout
        assert "x.projects.oryapis.com" not in printed, command


def test_the_body_tells_what_is_asked_for(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = write(
        "deny:\n  - name: a\n    events: [kratos.login]\n    when: request.country == 'KP'\n",
        "country.policy.yaml",
    )
    monkeypatch.setenv("COUNTRY_HEADER", "CF-IPCountry")
    monkeypatch.setenv("SESSION_COOKIE", "our_session")
    printed = run(
        "ory-config", "kratos", "--policy", policy, "--pass-session-cookie", "--methods", "oidc"
    ).stdout
    (hook,) = hooks(printed)["oidc"]["hooks"]
    body = text_of(hook["config"]["body"])
    assert body is not None
    for line in (
        "local headers = ['User-Agent', 'True-Client-Ip', 'Cf-Ipcountry'];",
        "local pass_session_cookie = true;",
        "local session_cookie = 'our_session';",
    ):
        assert line in body
    assert "Cf-Ipcountry" in read(printed)["clients"]["web_hook"]["header_allowlist"]


def test_ory_network_is_configured_by_two_commands(run: Run, write: Write) -> None:
    kratos = write(KRATOS, "identity.yml")
    printed = run("ory-config", "network", "--kratos", kratos, "--no-keys").stdout
    words = shlex.split(printed, comments=True)
    assert [words[at : at + 3] for at, word in enumerate(words) if word == "ory"] == [
        ["ory", "patch", "identity-config"],
        ["ory", "patch", "oauth2-config"],
    ]
    added = [words[at + 1].partition("=")[0] for at, word in enumerate(words) if word == "--add"]
    assert added == [
        "/selfservice/flows/login/after/password/hooks",
        "/selfservice/flows/login/after/totp/hooks",
        "/oauth2/token_hook",
    ]
    assert '{"hook":"revoke_active_sessions"}' in printed
    assert "# Without --hydra: hooks and entries of others" in printed


def test_a_project_that_is_configured_already_needs_no_command(run: Run, write: Write) -> None:
    kratos, hydra = write(KRATOS, "identity.yml"), write("oauth2: {}\n", "oauth2.yml")
    run("ory-config", "kratos", "--merge", kratos, "--write")
    run("ory-config", "hydra", "--merge", hydra, "--write")
    printed = run("ory-config", "network", "--kratos", kratos, "--hydra", hydra).stdout
    assert "ory patch" not in printed
    assert "# identity-config: nothing to change\n" in printed
    assert "# oauth2-config: nothing to change\n" in printed


def test_advice_goes_beside_a_merged_file_not_into_it(run: Run, write: Write) -> None:
    policy = write(REVOKE, "revoke.policy.yaml")
    result = run("ory-config", "kratos", "--policy", policy, "--merge", write(KRATOS, "k.yml"))
    assert "--pass-session-cookie" in result.stderr
    assert "--pass-session-cookie" not in result.stdout
