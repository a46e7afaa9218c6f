"""``policy explain``: why an event is decided as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import click

from webhook_service.cli.explanation import document, lines
from webhook_service.cli.payload_file import PayloadError, read_payload
from webhook_service.cli.policy_file import FILE, WrongFileError, file_name, read_policy
from webhook_service.cli.records_store import opened_records
from webhook_service.cli.terminal import dim, echo_json
from webhook_service.cli.times import timestamp, utc_now
from webhook_service.desk.explained import decided_then, remarks_on_facts, remarks_on_record
from webhook_service.hooks.recordings import moment_of
from webhook_service.policy.cases import facts_of
from webhook_service.policy.errors import PolicyError
from webhook_service.policy.explain import Explanation, explain
from webhook_service.policy.facts import EventName, Facts, Source
from webhook_service.policy.loading.facts_file import GivenFacts, read_facts
from webhook_service.policy.loading.yaml_reader import MAX_BYTES
from webhook_service.policy.recorded import NotARecordError, facts_of_record, moment_of_record
from webhook_service.policy.situation import NO_SOURCES
from webhook_service.records.keeping import Wanted

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_DECISION: Final = b'"decision"'


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be explained.

    ``record`` is the decision record that it came from; ``is_one_of_two`` if that can be
    read in two ways.
    """

    facts: Facts
    now: datetime
    free: frozenset[Source] = NO_SOURCES
    record: Mapping[str, Any] | None = None
    is_one_of_two: bool = False


@click.command(
    "explain",
    help=(
        "Explain what a policy file decides about one event, and why; - reads the file from"
        " standard input.\n\n"
        "The event is one of: facts written down (--event with --facts), a recorded hook call"
        " (--payload, with --facts for what Kratos and Hydra would tell), or a decision that"
        " was logged or kept (--record with --log, or with --database for the one that"
        " DATABASE_URL names). Facts are written as in the tests of a policy"
        " file. What a call was not made for, or a record does not hold, is unknown.\n\n"
        "Values of traits, metadata, claims and headers are not shown without --show-values.\n\n"
        "\b\n"
        "Exit codes\n"
        "  0  explained, whatever the decision\n"
        "  1  the policy, the facts, the payload, the log or the database cannot be used\n"
        "  2  the command was not used right, or a file cannot be opened"
    ),
)
@FILE
@click.option("--event", type=click.Choice([event.value for event in EventName]))
@click.option("--facts", "facts_file", type=_FILE, help="Facts, as a test of a policy has them.")
@click.option("--payload", type=_FILE, help="A recorded call: {case, headers, body}, or its body.")
@click.option("--record", metavar="EVENT_KEY", help="The key of a decision.")
@click.option("--log", type=_FILE, help="The service's log (LOG_FORMAT=json).")
@click.option("--database", "from_database", is_flag=True, help="Find the decision there.")
@click.option(
    "--now", type=timestamp, metavar="TIME", help="When it happens.  [default: as told, else now]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option("--show-values", is_flag=True, help="Show values that may be personal.")
def command(  # noqa: PLR0913  one argument an option
    file: IO[bytes],
    *,
    event: str | None,
    facts_file: Path | None,
    payload: Path | None,
    record: str | None,
    log: Path | None,
    from_database: bool,
    now: datetime | None,
    as_json: bool,
    show_values: bool,
) -> None:
    """Explain one event."""
    policy = read_policy(file)
    recorded = record or log or from_database
    if event and facts_file and not (payload or recorded):
        question = _of_facts(facts_file, EventName(event), now)
    elif payload and not (event or recorded):
        question = _of_payload(payload, facts_file, now)
    elif record and bool(log) != from_database and not (event or facts_file or now):
        question = _of_record(record, log)
    else:
        raise click.UsageError(
            "Give either --event with --facts, or --payload (with --facts), or --record with --log"
            " or with --database."
        )
    explanation = explain(policy, question.facts, question.now, free=question.free)
    if as_json:
        echo_json(document(explanation, show_values=show_values) | _recorded(question))
        return
    for line in lines(explanation, file_name(file), show_values=show_values):
        click.echo(line)
    for line in _remarks(question, explanation, policy.digest):
        click.echo(line)


def _of_facts(path: Path, event: EventName, now: datetime | None) -> Question:
    given = _given(path, event)
    moment = now or given.now or utc_now()
    return Question(facts_of(given.as_test(event, moment)), moment)


def _of_payload(path: Path, facts_file: Path | None, now: datetime | None) -> Question:
    try:
        recording, event = read_payload(path)
    except PayloadError as error:
        raise click.ClickException(f"{path}: {error}") from None
    given = None if facts_file is None else _given(facts_file, event.name)
    told = recording.at or moment_of(event)
    moment = now or (given and given.now) or told or utc_now()
    if given is None:
        return Question(Facts(event.name, event.values, event.answered), moment, event.answered)
    return Question(
        facts_of(given.as_test(event.name, moment), event.values), moment, event.answered
    )


def _given(path: Path, event: EventName) -> GivenFacts:
    try:
        with path.open("rb") as file:
            return read_facts(file.read(MAX_BYTES + 1), str(path), event)
    except PolicyError as error:
        raise WrongFileError(error) from None


def _of_record(key: str, log: Path | None) -> Question:
    """Return the decision of a key, from a log or from the database."""
    where = "the database" if log is None else str(log)
    record = _find_in_database(key) if log is None else _find(key, log)
    if record is None:
        raise click.ClickException(f"{where} has no decision with the key {key}")
    try:
        facts, *others = facts_of_record(record)
        moment = moment_of_record(record)
    except NotARecordError as error:
        raise click.ClickException(f"{where}: {error}") from None
    return Question(facts, moment, record=record, is_one_of_two=bool(others))


def _find_in_database(key: str) -> Mapping[str, Any] | None:
    with opened_records() as records:
        found = records.newest(Wanted(key=key), limit=1)
    return found[0].line if found else None


def _find(key: str, log: Path) -> dict[str, Any] | None:
    """Return the last decision with the key: tries of one call share it."""
    found = None
    sought = key.encode()
    with log.open("rb") as file:
        for line in file:
            if sought in line and _DECISION in line:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict) and record.get("key") == key:
                    found = record
    return found


def _remarks(question: Question, explanation: Explanation, digest: str) -> list[str]:
    """Say what could not be known, and what was decided then."""
    record = question.record
    if record is None:
        remarks = list(remarks_on_facts(explanation))
    else:
        grant = question.facts.value("token.grant") if question.is_one_of_two else None
        remarks = [
            *remarks_on_record(record, explanation, grant=grant),
            decided_then(record, digest),
        ]
    return [dim(remark) for remark in remarks]


def _recorded(question: Question) -> dict[str, Any]:
    if question.record is None:
        return {}
    names = ("at", "key", "verdict", "reason", "rule", "policy")
    return {"recorded": {name: question.record.get(name) for name in names}}
