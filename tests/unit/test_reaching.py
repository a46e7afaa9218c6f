"""What an operator hears of an upstream that is down."""

from __future__ import annotations

import json
from functools import partial
from io import BytesIO

from webhook_service.ory.outage import OutageState
from webhook_service.reaching import _tell_outage
from webhook_service.records import metrics
from webhook_service.records.log import make_logger


def test_an_outage_is_said_when_it_begins_and_when_it_ends() -> None:
    log = BytesIO()
    logger = make_logger("json", "info", log)
    tell = partial(_tell_outage, "hydra", logger)
    tell(OutageState(down=True, failures=5, silent_for=0.6, failed_fast=0))
    assert 'webhook_service_upstream_down{upstream="hydra"} 1.0' in metrics.scrape().decode()
    tell(OutageState(down=False, failures=0, silent_for=0.0, failed_fast=3))
    assert 'webhook_service_upstream_down{upstream="hydra"} 0.0' in metrics.scrape().decode()
    begun, ended = (json.loads(line) for line in log.getvalue().splitlines())
    assert (begun["level"], begun["upstream"]) == ("error", "hydra")
    assert (ended["level"], ended["upstream"]) == ("warning", "hydra")
