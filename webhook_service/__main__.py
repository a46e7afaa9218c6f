"""``python -m webhook_service`` is ``webhook-service``."""

from webhook_service.cli import main

main(prog_name="webhook-service")
