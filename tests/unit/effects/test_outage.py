"""What is logged of a store that is away."""

from __future__ import annotations

from unit.effects.logbook import Log

from webhook_service.effects.keeping import StoreUnavailableError
from webhook_service.effects.outage import Outage, why


def test_an_outage_is_said_once_and_its_end_once() -> None:
    now = [50.0]
    log = Log()
    outage = Outage("nothing is kept", log.logger, lambda: now[0])
    outage.over()
    outage.noticed(StoreUnavailableError("locked"))
    now[0] += 12.34
    outage.noticed(StoreUnavailableError("full"))
    outage.over()
    outage.over()
    assert log.lines() == [
        {
            "level": "error",
            "message": "the store is away",
            "hindered": "nothing is kept",
            "why": "locked",
        },
        {
            "level": "warning",
            "message": "the store is back",
            "hindered": "nothing is kept",
            "seconds": 12.3,
        },
    ]


def test_a_second_outage_is_said_again() -> None:
    log = Log()
    outage = Outage("nothing is kept", log.logger)
    for _ in range(2):
        outage.noticed(StoreUnavailableError("locked"))
        outage.over()
    assert log.messages() == ["the store is away", "the store is back"] * 2


def test_a_fault_of_our_own_is_not_called_an_outage() -> None:
    log = Log()
    Outage("nothing is kept", log.logger).noticed(AttributeError("secret"))
    assert log.lines()[0]["message"] == "using the store failed"
    assert log.lines()[0]["why"] == "AttributeError"


def test_only_the_stores_own_words_are_logged_of_an_error() -> None:
    assert why(StoreUnavailableError("locked")) == "locked"
    assert why(ValueError("a secret")) == "ValueError"
