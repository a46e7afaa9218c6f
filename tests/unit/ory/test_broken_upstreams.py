"""Bad inputs 45 to 51: what Kratos can do to a call, and that it ends on time, closed.

Each failure is one of the five reasons, comes within the deadline, and says nothing of what
was in the answer.
"""

from __future__ import annotations

import time
import tracemalloc

import pytest

from webhook_service.ory.deadline import Deadline
from webhook_service.ory.errors import OryError, UpstreamReason
from webhook_service.ory.fake import FakeOry, Served, faults
from webhook_service.ory.fake.faults import Fault
from webhook_service.ory.kratos import Kratos

BUDGET = 0.2
SLACK = 0.6
"""For a machine with other work; a limit per read instead of per call would need seconds."""

BUSY_FOR_AN_HOUR = faults.says(429, {"Retry-After": "3600"})
METADATA = "http://169.254.169.254/latest/meta-data/"


def failure(kratos: Kratos, session_id: str) -> OryError:
    """Make the call, check that it ended on time, and return how it failed."""
    begun = time.monotonic()
    with pytest.raises(OryError) as caught:
        kratos.session(session_id, Deadline.after(BUDGET))
    assert time.monotonic() - begun < BUDGET + SLACK
    return caught.value


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(faults.hang, UpstreamReason.TIMEOUT, id="45 hangs"),
        pytest.param(faults.reset, UpstreamReason.UNREACHABLE, id="46 resets in mid body"),
        pytest.param(faults.cut_off, UpstreamReason.UNREACHABLE, id="46 ends in mid body"),
        pytest.param(
            faults.says(200, {"Transfer-Encoding": "chunked"}, b"zz\r\n{}"),
            UpstreamReason.UNREACHABLE,
            id="46 sends chunks that are none",
        ),
        pytest.param(faults.hang_up, UpstreamReason.UNREACHABLE, id="46 hangs up"),
        pytest.param(faults.html, UpstreamReason.INVALID, id="47 answers 200 with HTML"),
        pytest.param(faults.says(200), UpstreamReason.INVALID, id="47 answers 200 with nothing"),
        pytest.param(faults.says(200, body=b"[]"), UpstreamReason.INVALID, id="47 answers a list"),
        pytest.param(
            faults.says(200, body=b"[" * 100_000), UpstreamReason.INVALID, id="47 nests deeply"
        ),
        pytest.param(
            faults.says(200, body=b'{"id": ' + b"9" * 5000 + b"}"),
            UpstreamReason.INVALID,
            id="47 answers an endless number",
        ),
        pytest.param(
            faults.says(200, body=b'{"identity": {"traits": {"score": 1e999}}}'),
            UpstreamReason.INVALID,
            id="47 answers an infinite number",
        ),
        pytest.param(
            faults.says(200, body=b'{"identity": {"traits": {"score": NaN}}}'),
            UpstreamReason.INVALID,
            id="47 answers NaN",
        ),
        pytest.param(
            faults.says(200, body=b'{"id": "\xe9"}'), UpstreamReason.INVALID, id="47 is no UTF-8"
        ),
        pytest.param(faults.says(206, body=b"{}"), UpstreamReason.INVALID, id="47 answers 206"),
        pytest.param(faults.no_http, UpstreamReason.INVALID, id="47 speaks another protocol"),
        pytest.param(faults.redirects(METADATA), UpstreamReason.INVALID, id="48 redirects"),
        pytest.param(faults.huge_body, UpstreamReason.INVALID, id="49 answers 100 MB"),
        pytest.param(
            faults.huge_body_of_unknown_length,
            UpstreamReason.INVALID,
            id="49 answers 100 MB without saying so",
        ),
        pytest.param(faults.drip_body, UpstreamReason.TIMEOUT, id="49 drips the body"),
        pytest.param(faults.drip_headers, UpstreamReason.TIMEOUT, id="49 drips the headers"),
        pytest.param(faults.says(401), UpstreamReason.UNAUTHORIZED, id="50 answers 401"),
        pytest.param(faults.says(403), UpstreamReason.UNAUTHORIZED, id="50 answers 403"),
        pytest.param(BUSY_FOR_AN_HOUR, UpstreamReason.BUSY, id="51 answers 429"),
        pytest.param(faults.says(503), UpstreamReason.BUSY, id="answers 503"),
        pytest.param(faults.says(502), UpstreamReason.UNREACHABLE, id="its proxy answers 502"),
        pytest.param(faults.says(504), UpstreamReason.UNREACHABLE, id="its proxy answers 504"),
        pytest.param(faults.says(500), UpstreamReason.INVALID, id="answers 500"),
        pytest.param(faults.says(400), UpstreamReason.INVALID, id="answers 400"),
        pytest.param(
            faults.says(404, body=b"404 page not found"),
            UpstreamReason.INVALID,
            id="is another service",
        ),
        pytest.param(
            faults.says(404, body=b'{"message": "no Route matched with those values"}'),
            UpstreamReason.INVALID,
            id="is a gateway without that route",
        ),
        pytest.param(faults.says(404, body=b"[]"), UpstreamReason.INVALID, id="answers 404 []"),
    ],
)
def test_a_broken_upstream_is_known_by_its_reason_within_the_deadline(
    fake: FakeOry, kratos: Kratos, session_id: str, fault: Fault, reason: UpstreamReason
) -> None:
    fake.break_calls("kratos", fault)
    assert failure(kratos, session_id).reason is reason


@pytest.mark.parametrize("status", [401, 429, 500, 502, 503])
def test_no_answer_is_asked_for_twice(
    fake: FakeOry, kratos: Kratos, session_id: str, status: int
) -> None:
    """50: a call that was refused will be refused again."""
    fake.break_calls("kratos", faults.says(status))
    failure(kratos, session_id)
    assert len(fake.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    fake: FakeOry, served: Served, kratos: Kratos, session_id: str, status: int
) -> None:
    """48: not even to a place that would answer well."""
    elsewhere = f"{served.hydra.url}/health/ready"
    fake.break_calls("kratos", faults.says(status, {"Location": elsewhere}))
    assert "redirect" in failure(kratos, session_id).detail
    assert [call.upstream for call in fake.calls] == ["kratos"]


def test_of_a_huge_answer_only_the_beginning_is_taken(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    """49: also where it is a redirect, whose body requests itself would read to the end."""
    tracemalloc.start()
    try:
        for fault in (faults.huge_body, faults.huge_body_of_unknown_length, faults.huge_redirect):
            fake.break_calls("kratos", fault)
            failure(kratos, session_id)
            fake.heal()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_a_call_after_the_deadline_is_not_made(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    with pytest.raises(OryError) as caught:
        kratos.session(session_id, Deadline.after(0))
    assert caught.value.reason is UpstreamReason.TIMEOUT
    assert fake.calls == []


def test_calls_share_one_deadline(fake: FakeOry, kratos: Kratos, session_id: str) -> None:
    deadline = Deadline.after(BUDGET)
    kratos.session(session_id, deadline)
    fake.break_calls("kratos", faults.hang)
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(OryError):
            kratos.session(session_id, deadline)
    assert time.monotonic() - begun < BUDGET + SLACK


@pytest.mark.parametrize(
    "fault",
    [
        faults.html,
        faults.says(500, body=b'{"error": {"message": "ada@example.org"}}'),
        faults.says(200, body=b'{"active": "ada@example.org", "ada@example.org": 1}'),
        faults.says(200, body=b'{"active": true, "identity": {"created_at": "ada@example.org"}}'),
        faults.redirects("https://ada@example.org/"),
        faults.says(200, {"Content-Length": "ada@example.org"}),
    ],
)
def test_no_error_repeats_what_was_answered(
    fake: FakeOry, kratos: Kratos, session_id: str, fault: Fault
) -> None:
    fake.break_calls("kratos", fault)
    error = failure(kratos, session_id)
    assert "ada" not in str(error)
    assert "Sign in" not in str(error)
    # A traceback in a log would show what stands behind it.
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


def test_a_fraction_is_a_number_like_any_other(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    fake.kratos.identities[fake.kratos.sessions[session_id].identity_id].traits = {"score": 0.5}
    session = kratos.session(session_id, Deadline.after(5))
    assert session is not None
    assert session.identity is not None
    assert session.identity.traits == {"score": 0.5}


def test_a_wrong_shape_is_named_by_its_fields(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    fake.break_calls("kratos", faults.says(200, body=b'{"active": 1, "expires_at": 2}'))
    assert failure(kratos, session_id).detail == "not the expected shape: active, expires_at"


def test_an_upstream_that_heals_is_asked_again(
    fake: FakeOry, kratos: Kratos, session_id: str
) -> None:
    for fault in (faults.hang, faults.reset, faults.drip_body, faults.says(503)):
        fake.break_calls("kratos", fault)
        failure(kratos, session_id)
        fake.heal()
        assert kratos.session(session_id, Deadline.after(5)) is not None
