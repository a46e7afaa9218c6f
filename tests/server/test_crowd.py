"""More calls than threads while Kratos hangs: bad-inputs rows 45 and 64."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server.running import POLICY, hook, running
from server.wire import wire

from webhook_service import sandbox
from webhook_service.ory.fake.faults import hang

CALLERS = 120
THREADS = 8
DEADLINE_SECONDS = 2.0
"""As ``running`` sets it; without a limit on waiting the last answer took 15 of them."""


def test_a_crowd_is_answered_within_the_deadline_while_kratos_hangs(tmp_path: Path) -> None:
    """Hydra gives up after 10 s, its refresh token rotated (F25): waiting counts as well."""
    ory = sandbox.stand_in()
    ory.break_calls("kratos", hang)
    together = threading.Barrier(CALLERS)
    with running(
        tmp_path, "gunicorn", ory, POLICY, WEB_CONCURRENCY="1", WEB_THREADS=str(THREADS)
    ) as service:

        def call(_: int) -> tuple[int, float]:
            with wire(service.port, patience=30) as one:
                together.wait()
                begun = time.monotonic()
                one.send(hook())
                return one.answer().status, time.monotonic() - begun

        with ThreadPoolExecutor(CALLERS) as callers:
            answers = list(callers.map(call, range(CALLERS)))
        refused = service.metrics()
    # Those that wait behind the first ones are answered as soon as it is known that Kratos does
    # not; whose time was over by then is told to come again.
    assert {status for status, _ in answers} <= {204, 503}
    assert max(seconds for _, seconds in answers) < DEADLINE_SECONDS + 1.5
    overloaded = (
        'webhook_service_requests_refused_total{caller="hydra",reason="service.overloaded"}'
    )
    assert refused.get(overloaded, 0) == sum(status == 503 for status, _ in answers)
