"""``serve``: answer hooks."""

from __future__ import annotations

import click

SETTINGS = """
Everything is set by environment variables; what is wrong is reported all at once.

\b
  KRATOS_HOOK_KEYS, HYDRA_HOOK_KEYS   one or two keys each, comma-separated
  OPERATOR_KEYS                       for /metrics
  KRATOS_ADMIN_URL, HYDRA_ADMIN_URL   where the policy's facts are read
  KRATOS_PUBLIC_URL                   tells whose session a settings change came from
  ORY_PROJECT_URL, ORY_API_KEY        instead, on Ory Network
  POLICY_FILE           policy.yaml   the rules
  POLICY_WATCH          false         true: reload it when it changes; SIGHUP always does
  DATABASE_URL          sqlite:///webhook-service.db, or postgresql://…
  EFFECTS_WORKER        web           where effects are done: in these processes, or by
                                      "webhook-service worker"; worker with PostgreSQL
  MODE                  enforce       or shadow: decide, record, answer nothing
  HOOK_DEADLINE         600ms         for a whole hook, upstream calls included
  PORT                  8080
  WEB_CONCURRENCY       2             processes
  WEB_THREADS           32            threads of each
  SERVER                gunicorn      or granian, with the extra of that name
  LOG_FORMAT            json          or console
  LOG_LEVEL             info
  CLIENT_IP_HEADER      True-Client-Ip
  COUNTRY_HEADER        none
  SESSION_COOKIE        ory_kratos_session
  USE_ENV_PROXIES       false         true: honour HTTPS_PROXY and its like

A key, ORY_API_KEY or DATABASE_URL can come from a file instead: NAME_FILE.
"""


@click.command("serve", help=f"Answer the hooks of Kratos and Hydra.\n{SETTINGS}")
def command() -> None:
    """Serve until told to stop."""
    from webhook_service.web.server import run  # noqa: PLC0415  only who serves loads a server

    run()
