"""Who is signed in to the operator's page, and how long."""

from __future__ import annotations

import pytest
from unit.operator_desk import COOKIE, Operator, sign_in
from unit.workbench import HYDRA_KEY, OPERATOR_KEY, BenchMaker

from webhook_service.web.operator.signing_in import own_path
from webhook_service.web.page_forms import sign

OTHER_KEY = "another-operator-key-" + "x" * 24
WRONG_KEY = "a-key-of-nobody-" + "n" * 24


def test_a_key_signs_in_for_eight_hours_used_or_not(make_bench: BenchMaker) -> None:
    operator = sign_in(make_bench())
    clock = operator.bench.clock
    clock.advance(hours=4)
    assert operator.get("/simulate").status_code == 200
    clock.advance(hours=3, minutes=59, seconds=59)
    assert operator.get("/simulate").status_code == 200
    clock.advance(seconds=1)
    assert operator.get("/simulate").status_code == 401


def test_the_cookie_is_for_this_host_for_https_and_for_no_script(make_bench: BenchMaker) -> None:
    answer = Operator(make_bench()).send("/sign-in", {"key": OPERATOR_KEY})
    set_cookie = answer.headers["Set-Cookie"]
    assert set_cookie.startswith(f"{COOKIE}=")
    assert set(set_cookie.split("; ")[1:]) >= {
        *("Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=28800"),
    }
    assert "Domain" not in set_cookie
    assert OPERATOR_KEY not in str(answer.headers)


def test_a_browser_is_asked_whether_it_kept_the_cookie(make_bench: BenchMaker) -> None:
    operator = Operator(make_bench())
    answer = operator.send("/sign-in?to=/effects%3Fstate%3Dfailed", {"key": OPERATOR_KEY})
    asked = answer.headers["Location"]
    assert asked == "/sign-in?kept=1&to=%2Feffects%3Fstate%3Dfailed"
    assert operator.get(asked).headers["Location"] == "/effects?state=failed"
    dropped = Operator(operator.bench).get(asked)
    assert dropped.status_code == 400
    assert "did not keep the cookie" in dropped.text


def test_a_wrong_key_is_refused_counted_and_logged_without_the_key(make_bench: BenchMaker) -> None:
    operator = Operator(make_bench())
    answer = operator.send("/sign-in?to=/rules", {"key": WRONG_KEY})
    assert answer.status_code == 401
    assert answer.mimetype == "text/html"
    assert "Set-Cookie" not in answer.headers
    assert 'action="/sign-in?to=%2Frules"' in answer.text
    [line] = operator.bench.lines()
    assert (line["caller"], line["reason"]) == ("operator", "request.unauthorized")
    assert WRONG_KEY not in operator.bench.log.getvalue().decode()
    assert WRONG_KEY not in answer.text


@pytest.mark.parametrize(
    "key", ["", " ", HYDRA_KEY, OPERATOR_KEY[:-1], f"{OPERATOR_KEY}x", "schlüssel", "\ud800", "x\0"]
)
def test_only_an_operator_key_signs_in(make_bench: BenchMaker, key: str) -> None:
    operator = Operator(make_bench())
    encoded = key.encode(errors="surrogatepass")
    answer = operator.client.post("/sign-in", data={"key": encoded})
    assert answer.status_code == 401
    assert operator.get("/simulate").status_code == 401


def test_a_key_that_is_taken_out_signs_out_whoever_came_in_with_it(make_bench: BenchMaker) -> None:
    both = make_bench(operator_keys=(OPERATOR_KEY.encode(), OTHER_KEY.encode()))
    first, second = sign_in(both, OPERATOR_KEY), sign_in(both, OTHER_KEY)
    rotated = make_bench(operator_keys=(OTHER_KEY.encode(), b"a-new-key-" + b"n" * 30))
    for operator, status in ((first, 401), (second, 200)):
        answer = rotated.app.test_client(use_cookies=False).get(
            "/simulate", headers={"Cookie": f"{COOKIE}={operator.cookie}"}
        )
        assert answer.status_code == status


def test_a_cookie_that_is_not_ours_to_the_letter_signs_nobody_in(make_bench: BenchMaker) -> None:
    operator = sign_in(make_bench())
    until, name, signature = str(operator.cookie).split(".")
    later = str(int(until) + 1)
    other = name[::-1]
    forged = (
        *(f"{later}.{name}.{signature}", f"{until}.{other}.{signature}"),
        f"{'9' * 12}.{name}.{signature}",  # in the year 33658, which no date holds
        *(f"{until}.{name}.{signature[::-1]}", f"{until}.{name}.", f"{until}.{name}", "", "x.y.z"),
        *(
            f"{until}.{name}.{signature} x",
            f"{until}.{name}.{signature}.",
            f"\N{ARABIC-INDIC DIGIT ONE}{until[1:]}.{name}.",
        ),
    )
    ask = operator.bench.app.test_client(use_cookies=False).get
    good = {"Cookie": f"{COOKIE}={operator.cookie}"}
    assert ask("/simulate", headers=good).status_code == 200
    for cookie in forged:
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        assert ask("/simulate", headers=headers).status_code == 401, cookie


def test_two_sign_ins_with_one_key_have_forms_of_their_own(make_bench: BenchMaker) -> None:
    one = sign_in(make_bench())
    other = sign_in(one.bench)
    refused = one.send("/sign-out", {"token": other.token()})
    assert refused.status_code == 403
    assert "Reload the page" in refused.text
    assert one.get("/simulate").status_code == 200


def test_signing_out_takes_the_cookie_away(make_bench: BenchMaker) -> None:
    operator = sign_in(make_bench())
    answer = operator.post("/sign-out")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in"
    assert operator.cookie is None
    assert operator.get("/simulate").status_code == 401


def test_who_is_signed_in_is_not_asked_again(make_bench: BenchMaker) -> None:
    answer = sign_in(make_bench()).get("/sign-in?to=/effects")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/effects")


def test_without_operator_keys_there_is_no_page(make_bench: BenchMaker) -> None:
    bench = make_bench(operator_keys=())
    for path in ("/", "/effects", "/rules", "/simulate", "/sign-in", "/assets/operator.css"):
        answer = bench.client.get(path)
        assert answer.status_code == 404
        assert answer.json["error"]["id"] == "request.not_found"


OWN = (
    *("/", "/?verdict=deny&since=24h", "/decisions/12", "/effects", "/effects/3"),
    *("/effects?subject=a%20b", "/rules", "/simulate", "/?rule=a%22b"),
)
FOREIGN = (
    *("", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\/x"),
    *("/effects\\..\\x", "javascript:alert(1)", "evil.example", "effects", "?x", "#x", " /effects"),
    *("/effects\n", "/effects\r\nSet-Cookie: a=b", "/effects\t", "/\t/evil.example", "/effects\0"),
    *("/%2f/evil.example", "/%2fevil.example", "/%5cevil.example", "/.//evil.example"),
    *("/..//evil.example", "/@evil.example", "/effectsx", "/sign-in", "/sign-out", "/metrics"),
    *("/health/ready", "/?x=\N{RIGHT-TO-LEFT OVERRIDE}", "/effects/\N{DIVISION SLASH}x"),
    *("/" + "x" * 3000, "/effects?" + "x" * 3000, "http:/effects", "//", "/ "),
)


@pytest.mark.parametrize("path", OWN)
def test_a_page_of_ours_is_shown_after_the_sign_in(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize("path", FOREIGN)
def test_nobody_is_sent_elsewhere_after_the_sign_in(make_bench: BenchMaker, path: str) -> None:
    assert own_path(path) == "/"
    operator = sign_in(make_bench())
    answer = operator.client.get(
        "/sign-in", base_url="https://ops.example.org", query_string={"to": path}
    )
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec_Fetch_Site": "same-origin"}, 303),
        ({"Sec_Fetch_Site": "none"}, 303),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "https://ops.example.org"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://ops.example.org.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Host": "10.0.0.7:8080", "Origin": "https://login.example.org"}, 303),
        ({"Host": "10.0.0.7:8080", "Origin": "https://ops.example.org"}, 403),
    ],
)
def test_the_form_for_signing_in_comes_from_its_own_page(
    make_bench: BenchMaker, headers: dict[str, str], status: int
) -> None:
    bench = make_bench(public_url="https://login.example.org/auth")
    answer = Operator(bench).send("/sign-in", {"key": OPERATOR_KEY}, **headers)
    assert answer.status_code == status
    assert ("Set-Cookie" in answer.headers) is (status == 303)


@pytest.mark.parametrize("key", [OPERATOR_KEY, HYDRA_KEY])
def test_what_signs_cookies_is_no_key_of_a_caller_itself(make_bench: BenchMaker, key: str) -> None:
    """Nor is a key for signing good for ``/metrics``: it is derived, one way."""
    operator = sign_in(make_bench())
    until, name, _ = str(operator.cookie).split(".")
    forged = f"{until}.{name}.{sign(key.encode(), 'cookie', until, name)}"
    client = operator.bench.app.test_client(use_cookies=False)
    headers = {"Cookie": f"{COOKIE}={forged}"}
    assert client.get("/simulate", headers=headers).status_code == 401


def test_the_cookie_opens_no_other_route(make_bench: BenchMaker) -> None:
    assert sign_in(make_bench()).get("/metrics").status_code == 401
