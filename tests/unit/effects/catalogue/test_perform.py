"""What becomes of an effect that Ory does not let be done."""

from __future__ import annotations

import pytest
from unit.effects.catalogue.shop import Shop
from unit.workbench import NOW

from webhook_service.effects.effect import EndSessions, Failed, Retry, Unreadable
from webhook_service.ory.fake import faults


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.says(503), "upstream.busy"),
        (faults.says(429), "upstream.busy"),
        (faults.says(500), "upstream.invalid"),
        (faults.says(401), "upstream.unauthorized"),
        (faults.says(400), "upstream.invalid"),
        (faults.html, "upstream.invalid"),
        (faults.hang_up, "upstream.unreachable"),
    ],
)
def test_what_may_go_well_later_is_tried_again(
    shop: Shop, fault: faults.Fault, reason: str
) -> None:
    """Keys get fixed; and a 400 that is not Ory's own word may come from anything between."""
    shop.fake.break_calls("kratos", fault)
    assert shop.do(EndSessions(shop.ada, None, NOW)) == Retry(reason)


def test_what_ory_does_not_understand_fails(shop: Shop) -> None:
    body = b'{"error": {"code": 400, "message": "Bad Request"}}'
    shop.fake.break_calls("kratos", faults.says(400, body=body))
    assert shop.do(EndSessions(shop.ada, None, NOW)) == Failed("upstream.invalid")


def test_what_takes_too_long_is_tried_again(shop: Shop) -> None:
    shop.fake.break_calls("kratos", faults.hang)
    result = shop.do(EndSessions(shop.ada, None, NOW), seconds=0.05)
    assert result == Retry("upstream.timeout")


def test_what_nobody_can_read_fails(shop: Shop) -> None:
    assert shop.do(Unreadable(shop.ada)) == Failed("effect.unreadable")
