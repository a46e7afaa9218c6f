"""What ``gunicorn webhook_service.web:app`` reads in this folder: the service's own settings."""

from webhook_service.web.gunicorn_conf import *  # noqa: F403  gunicorn takes every name of this file
