"""Who may call: bad-inputs rows 1 to 8."""

from __future__ import annotations

import pytest
from unit.workbench import Bench, BenchMaker, Recorded

from webhook_service.settings import Settings

OPEN = {
    *("/health/alive", "/health/ready", "/version", "/openapi.yaml", "/policy.schema.json"),
    "/session/refresh",
    # Of the operator's page, what a key is given with, and how that looks.
    *("/sign-in", "/assets/<name>"),
}
"""The routes that the contract leaves open."""

HYDRA_KEY = "hydra-hook-key-" + "h" * 24
KRATOS_KEY = "kratos-hook-key-" + "k" * 24
OTHER_KEY = "another-key-of-hydra-" + "x" * 24


def status(bench: Bench, headers: list[tuple[str, str]]) -> int:
    answer = bench.client.post(
        "/hooks/hydra/token", data=b"{}", headers=[*headers, ("Content-Type", "application/json")]
    )
    if answer.status_code == 401:
        assert answer.json["error"]["id"] == "request.unauthorized"
        assert answer.json["error"]["code"] == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    code: int = answer.status_code
    return code


def test_every_route_but_the_open_ones_demands_a_key(make_bench: BenchMaker) -> None:
    bench = make_bench()
    for rule in bench.app.url_map.iter_rules():
        path = rule.rule.replace("<method:method>", "password").replace("<int:seq>", "1")
        method = "POST" if "POST" in rule.methods else "GET"
        answer = bench.client.open(path, method=method, json={})
        assert (answer.status_code == 401) is (path not in OPEN), path


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="no key"),
        pytest.param([("Authorization", "Bearer ")], id="an empty key"),
        pytest.param([("Authorization", "Bearer wrong")], id="a wrong key"),
        pytest.param([("Authorization", "Bearer k\xe9y")], id="a key with the byte 0xE9"),
        pytest.param([("Authorization", f"Bearer {KRATOS_KEY}")], id="the other caller's key"),
        pytest.param([("Authorization", HYDRA_KEY)], id="a key without its scheme"),
        pytest.param([("Authorization", f"Bearer{HYDRA_KEY}")], id="no space"),
        pytest.param([("Authorization", f"Bearer\t{HYDRA_KEY}")], id="a tab for a space"),
        pytest.param([("Authorization", f"Bearer {HYDRA_KEY}, {HYDRA_KEY}")], id="two joined"),
        pytest.param([("Authorization", f"Bearer {HYDRA_KEY} x")], id="a word behind it"),
        pytest.param([("Authorization", "Basic %%%%")], id="broken Basic"),
        pytest.param([("X-API-Key", HYDRA_KEY)], id="X-API-Key"),
        pytest.param([("Authorization", f"Bearer {HYDRA_KEY[:-1]}")], id="all but its end"),
        pytest.param([("Authorization", f"Bearer {HYDRA_KEY}x")], id="and one more"),
    ],
)
def test_without_the_right_key_nobody_gets_in(
    make_bench: BenchMaker, headers: list[tuple[str, str]]
) -> None:
    assert status(make_bench(), headers) == 401


@pytest.mark.parametrize("value", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}"])
def test_the_scheme_may_be_in_any_case_and_followed_by_more_spaces(
    make_bench: BenchMaker, value: str
) -> None:
    """RFC 9110, section 11.1; bad-inputs row 4."""
    assert status(make_bench(), [("Authorization", value.format(HYDRA_KEY))]) == 400


def test_both_of_two_keys_fit_and_a_removed_one_no_longer(make_bench: BenchMaker) -> None:
    """bad-inputs row 6: rotation without a moment in which neither fits."""
    both = make_bench(hydra_hook_keys=(OTHER_KEY.encode(), HYDRA_KEY.encode()))
    for key in (HYDRA_KEY, OTHER_KEY):
        assert status(both, [("Authorization", f"Bearer {key}")]) == 400
    one = make_bench(hydra_hook_keys=(OTHER_KEY.encode(),))
    assert status(one, [("Authorization", f"Bearer {OTHER_KEY}")]) == 400
    assert status(one, [("Authorization", f"Bearer {HYDRA_KEY}")]) == 401


def test_the_key_is_checked_before_anything_is_read(make_bench: BenchMaker) -> None:
    bench = make_bench()
    answer = bench.post("/hooks/hydra/token", b"[" * 2_000_000, key="wrong", Content_Type="x/y")
    assert answer.status_code == 401


def test_a_caller_without_keys_has_no_routes(make_bench: BenchMaker, recorded: Recorded) -> None:
    bench = make_bench(kratos_hook_keys=(), operator_keys=())
    answer = bench.login(recorded.body("kratos.login.api.aal1.minimal"))
    assert answer.status_code == 404
    assert answer.json["error"]["id"] == "request.not_found"
    assert bench.client.get("/metrics").status_code == 404


def test_no_key_is_logged(make_bench: BenchMaker) -> None:
    bench = make_bench()
    bench.post("/hooks/hydra/token", b"{}", key=OTHER_KEY)
    bench.post("/hooks/hydra/token", b"{}")
    log = bench.log.getvalue().decode()
    assert OTHER_KEY not in log
    assert HYDRA_KEY not in log
    assert [line["reason"] for line in bench.lines()] == ["request.unauthorized", "request.invalid"]


def test_settings_do_not_show_their_keys() -> None:
    assert HYDRA_KEY not in repr(Settings(hydra_hook_keys=(HYDRA_KEY.encode(),)))
