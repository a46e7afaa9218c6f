"""What a person who is refused reads."""

from __future__ import annotations

import re

import pytest

from webhook_service.policy.decision import Reason
from webhook_service.policy.loading.rules import LONGEST_MESSAGE
from webhook_service.policy.messages import stock_message

JARGON = re.compile(r"aal|mfa|factor|policy|session|token|enrol|authenticat(e|ion)|upstream|error")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_short_text_without_jargon(reason: Reason) -> None:
    text = stock_message(reason)
    assert 0 < len(text) <= LONGEST_MESSAGE
    assert text.endswith(".")
    assert not JARGON.search(text.lower())


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.SESSION_NOT_ACTIVE, "sign in again"),
        (Reason.SESSION_PAST_MAX_AGE, "sign in again"),
        (Reason.MFA_NO_SESSION, "sign in again"),
        (Reason.MFA_NOT_ENROLLED, "set up"),
        (Reason.MFA_AAL_TOO_LOW, "confirm"),
        (Reason.POLICY_UNKNOWN, "try again"),
    ],
)
def test_a_text_says_what_to_do_where_something_can_be_done(reason: Reason, words: str) -> None:
    assert words in stock_message(reason)
