"""Puts the service together from its settings: the one place where everything is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

import structlog

from webhook_service.consequences import Consequences, Effects
from webhook_service.deciding import Decider
from webhook_service.early.asking import Early
from webhook_service.early.checks import Checks, make_checks
from webhook_service.early.looking import NoticedEndings
from webhook_service.early.proofs import Proofs
from webhook_service.early.remembering import Memory
from webhook_service.effects.asking import READING_THREADS
from webhook_service.effects.catalogue import Tools, perform
from webhook_service.effects.effect import Effect, Result
from webhook_service.effects.engine import Engine
from webhook_service.effects.keeping import Store
from webhook_service.effects.recent import RecentEvents
from webhook_service.fitness import StartError, missing_upstreams, unheard
from webhook_service.gating.gates import Gates
from webhook_service.gating.making import make_gates
from webhook_service.limits import Limits
from webhook_service.opening import is_file, open_store
from webhook_service.ory.deadline import Deadline
from webhook_service.ory.hydra import Hydra
from webhook_service.ory.kratos import Kratos
from webhook_service.parts import Parts, Upstream, make_parts
from webhook_service.policy.loader import load as load_policy
from webhook_service.policy.model import Policy
from webhook_service.policy_exchange import Exchange, UnreadableError, read_file
from webhook_service.policy_in_force import Follower, PolicyFile
from webhook_service.recording import make_reading, make_recorder, recording
from webhook_service.records import metrics
from webhook_service.records.reading import Reading
from webhook_service.records.writer import Nowhere, Recorder
from webhook_service.runtime import runtime_file, runtime_folder
from webhook_service.service import Service, utc_now
from webhook_service.settings import Settings
from webhook_service.tracing.spans import NoTraces, Traces
from webhook_service.tracing.wanted import make_traces

T = TypeVar("T")


EFFECT_SECONDS: Final = 10.0
"""How long one effect may take, all its calls included: well within its lease (E4)."""

IS_ENDING_SECONDS: Final = 1.0

RECORDS_END_SECONDS: Final = 2.0
"""How long the last records may take to be written when a process ends."""

TRACES_END_SECONDS: Final = 2.0
"""How long the last spans may take to be sent then."""


class Keeper(Effects, Protocol):
    """What a process asks of its engine; see there."""

    def begin(self) -> None:
        """Start threads and open connections."""
        ...

    def stop(self, seconds: float) -> bool:
        """End what was begun."""
        ...

    def ready(self) -> str:
        """Return ``ok``, or why effects could not be accepted now."""
        ...

    def ask(self, question: Callable[[Store], T], seconds: float) -> T:
        """Return the store's answer."""
        ...


@dataclass(frozen=True, slots=True)
class Wired:
    """A service that is ready to answer, its upstreams by name, and what keeps its effects.

    ``early`` and ``checks`` are ``None`` where Kratos' public API is not configured. ``reading``
    finds decision records.
    """

    service: Service
    upstreams: Mapping[str, Upstream]
    follower: Follower
    engine: Keeper
    limits: Limits
    reading: Reading
    early: Early | None = None
    checks: Checks | None = None
    gates: Gates | None = None
    recorder: Recorder = field(default_factory=Nowhere)
    traces: Traces = field(default_factory=NoTraces)

    def begin(self) -> None:
        """Begin what needs threads; once a process, after its fork."""
        self.traces.begin()
        self.follower.begin()
        self.engine.begin()
        self.limits.begin()
        self.recorder.begin()

    def end(self, seconds: float) -> None:
        """Let the effects that run here end, within so many seconds; write the last records."""
        self.engine.stop(seconds)
        self.recorder.stop(RECORDS_END_SECONDS)
        self.traces.end(TRACES_END_SECONDS)


def read_policy(path: Path) -> Policy:
    """Read the policy file.

    Raises:
        StartError: it cannot be read.
        PolicyError: it can, and is wrong.
    """
    try:
        data = read_file(path)
    except UnreadableError as error:
        raise StartError(
            f"POLICY_FILE: {error}. It holds the rules; the smallest one is the line: version: 1"
        ) from None
    return load_policy(data, str(path))


def wire(  # noqa: PLR0913  each collaborator of the service, with its production default
    settings: Settings,
    policy: Policy,
    logger: structlog.typing.FilteringBoundLogger,
    *,
    kratos: Kratos | None = None,
    hydra: Hydra | None = None,
    recent: RecentEvents | None = None,
    engine: Keeper | None = None,
    clock: Callable[[], datetime] = utc_now,
    records: structlog.typing.FilteringBoundLogger | None = None,
    recorder: Recorder | None = None,
) -> Wired:
    """Make the service. Clients, event memory, engine and clock can be given by a test.

    ``records`` takes the lines of decisions; the logger does, where it is not given.
    ``recorder`` keeps them in the database.

    Raises:
        StartError: the policy needs an upstream that no setting names.
    """
    made = make_parts(settings, policy, logger, kratos=kratos, hydra=hydra, clock=clock)
    recorder = recorder or make_recorder(settings, logger, clock)
    engine = engine or make_engine(settings, made, logger)
    memory = Memory(settings.check_cache.total_seconds())
    consequences = Consequences(
        NoticedEndings(engine, memory),
        made.gatherer,
        made.all_shadow,
        partial(_on_the_spot, made.tools(_nothing)),
    )
    decider = Decider(made.gatherer, consequences, made.all_shadow)
    recent = recent or RecentEvents(runtime_file("recent-events"))
    service = Service(
        policies=made.policies,
        decider=decider,
        recent=recent,
        hook_deadline=settings.hook_deadline.total_seconds(),
        keep=recording(recorder, records or logger, logger, settings.hash_key),
        clock=clock,
    )
    metrics.tell_policy(policy.digest)
    follower = Follower(made.policies, policy_file(settings, logger), watch=settings.policy_watch)
    limits = Limits(made.transports, made.policies, logger)
    early = None
    if made.gatherer.kratos_public is not None:
        proofs = Proofs(made.gatherer.kratos_public, made.kratos, made.hydra)
        early = Early(decider, proofs, memory, recent)
    checks = make_checks(settings, early, service)
    gates = make_gates(settings, early, made.hydra, service, logger)
    reading = make_reading(settings)
    return Wired(
        service,
        made.upstreams,
        follower,
        engine,
        limits,
        reading,
        early,
        checks,
        gates,
        recorder,
        make_traces(logger, wanted=settings.traces),
    )


def make_engine(
    settings: Settings, made: Parts, logger: structlog.typing.FilteringBoundLogger
) -> Engine:
    """Make what keeps effects, and works on them where the settings say so."""
    on_file = is_file(settings.database_url)
    engine = Engine(
        open_store=lambda: open_store(settings.database_url, made.clock),
        logger=logger,
        clock=made.clock,
        reading_threads=0 if on_file else READING_THREADS,
        observer=metrics.CountedEffects(),
    )
    if settings.effects_worker == "web":
        tools = made.tools(lambda subject: engine.endings_of(subject, IS_ENDING_SECONDS))
        engine.perform = performer(tools)
    return engine


def performer(tools: Tools) -> Callable[[Effect], Result]:
    """Return what does one effect, within its time."""

    def do(effect: Effect) -> Result:
        return perform(effect, tools, Deadline.after(EFFECT_SECONDS))

    return do


def _on_the_spot(tools: Tools, effect: Effect, deadline: Deadline) -> Result:
    return perform(effect, tools, deadline)


def _nothing(_subject: str) -> tuple[Effect, ...]:
    """Return no endings: what is done on the spot is one itself."""
    return ()


def policy_file(settings: Settings, logger: structlog.typing.FilteringBoundLogger) -> PolicyFile:
    """Return the operator's file, ready to be offered to all processes."""
    return PolicyFile(
        settings.policy_file,
        Exchange(runtime_folder()),
        logger,
        fits=lambda policy: missing_upstreams(settings, policy),
        notices=partial(unheard, settings),
    )
