"""Puts the gates together, where the settings let them be served."""

from __future__ import annotations

import structlog

from webhook_service.early.asking import Early
from webhook_service.fitness import lacking_for_gates
from webhook_service.gating.gates import Gates, Places
from webhook_service.ory.errors import OryError
from webhook_service.ory.hydra import Hydra
from webhook_service.records import metrics
from webhook_service.service import Service
from webhook_service.settings import Settings


def make_gates(
    settings: Settings,
    early: Early | None,
    hydra: Hydra | None,
    service: Service,
    logger: structlog.typing.FilteringBoundLogger,
) -> Gates | None:
    """Make what answers browsers; ``None`` where a setting is lacking that it needs."""
    kratos = settings.kratos_public_url
    if lacking_for_gates(settings) or early is None or hydra is None or kratos is None:
        return None

    def complain(gate: str, error: OryError) -> None:
        logger.warning(
            "a gate got no answer",
            gate=gate,
            upstream=error.upstream,
            reason=error.reason,
            why=error.detail,
        )

    return Gates(
        early=early,
        flows=hydra.flows,
        places=Places(kratos, settings.consent_ui_url),
        policies=service.policies,
        keep=service.keep,
        count=metrics.count_gate,
        complain=complain,
        clock=service.clock,
    )
