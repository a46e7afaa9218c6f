"""gunicorn's log of requests: written where it is asked for, and no work where it is not."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from webhook_service.web.gunicorn_log import Log

REQUEST = SimpleNamespace(headers=[("USER-AGENT", "Go-http-client/1.1")])
ANSWER = SimpleNamespace(status="204 No Content", sent=0, headers=[])
ENVIRON = {"REQUEST_METHOD": "POST", "RAW_URI": "/hooks/hydra/token", "SERVER_PROTOCOL": "HTTP/1.1"}


def logger(**settings: Any) -> Log:
    config = Config()
    for name, value in settings.items():
        config.set(name, value)
    return Log(config)


def test_a_configuration_of_logging_is_no_wish_for_a_line_per_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = logger(logconfig_dict={"version": 1, "disable_existing_loggers": False})
    collected: list[object] = []
    monkeypatch.setattr(Log, "atoms", lambda *told: collected.append(told) or {})
    log.access(ANSWER, REQUEST, ENVIRON, timedelta(0))
    assert collected == []


def test_who_asks_for_an_access_log_gets_it(capsys: pytest.CaptureFixture[str]) -> None:
    log = logger(accesslog="-")
    log.access(ANSWER, REQUEST, ENVIRON, timedelta(0))
    assert "POST /hooks/hydra/token" in capsys.readouterr().out
