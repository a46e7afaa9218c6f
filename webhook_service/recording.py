"""Where the record of a decision goes: to the metrics, the log, and the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from webhook_service.opening import is_file, open_records
from webhook_service.records import metrics
from webhook_service.records.identifiers import with_hashes
from webhook_service.records.reading import OF_A_SERVER, READ_SECONDS, TOGETHER, Reading
from webhook_service.records.record import DECISION, Record
from webhook_service.records.sampling import Sampling
from webhook_service.records.writer import Recorder, Writer
from webhook_service.settings import Settings
from webhook_service.tracing import spans


def make_recorder(
    settings: Settings,
    logger: structlog.typing.FilteringBoundLogger,
    clock: Callable[[], datetime],
) -> Writer:
    """Make what keeps records in the database."""
    return Writer(
        open_store=lambda: open_records(settings.database_url),
        days=settings.record_days,
        sampling=Sampling(settings.record_rate),
        logger=logger,
        clock=clock,
        told=metrics.count_records,
    )


def make_reading(settings: Settings) -> Reading:
    """Make what finds records for people who look."""
    on_file = is_file(settings.database_url)
    return Reading(
        open_store=lambda: open_records(settings.database_url, READ_SECONDS),
        on_threads=not on_file,
        together=TOGETHER if on_file else OF_A_SERVER,
    )


def recording(
    recorder: Recorder,
    records: structlog.typing.FilteringBoundLogger,
    logger: structlog.typing.FilteringBoundLogger,
    hash_key: bytes | None = None,
) -> Callable[[Record], None]:
    """Return what takes the record of each decision.

    Args:
        recorder: keeps records in a database.
        records: writes the line of each.
        logger: takes what an operator should know.
        hash_key: hashes the identifiers of both; ``None``: they stay as they are.
    """

    def keep(record: Record) -> None:
        metrics.count(record)
        fields = record.fields() | spans.ids()
        if hash_key is not None:
            fields = with_hashes(fields, hash_key)
        recorder.take(record, fields)
        others = dict(fields)
        records.info(DECISION, event_name=others.pop("event"), **others)
        for call in record.calls:
            if call.outcome == "upstream.unauthorized":
                logger.error("Ory refuses the service's own call", call=call.operation)

    return keep
