"""Spans of what the service does, where tracing is on; where it is off, next to nothing.

Who does something that a trace should show asks here for a span, and never learns what becomes
of it. docs/tracing.md has what is in a span.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Final, Protocol, Self, TypeAlias

Value: TypeAlias = str | int | float | bool

TOGETHER_SECONDS: Final = 60.0
"""How long after an effect was kept its tries are part of the trace that led to it. Later ones
have traces of their own, with a link to that one: a session's cap comes hours later, and a
trace that goes on for hours is shown, sampled and kept well by nothing."""


class Role(Enum):
    """What a span is to those on the other side."""

    SERVER = "server"
    CLIENT = "client"
    CONSUMER = "consumer"
    """Does later what another trace led to."""
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a span comes from, if not from the one that goes on: W3C's trace context.

    ``continued`` says whether it is part of that trace, or one of its own with a link to it.
    What cannot be read is as none.
    """

    traceparent: str
    tracestate: str = ""
    continued: bool = True


class Span(Protocol):
    """What goes on, until its block ends. An exception that leaves the block is told as its type.

    Neither what an exception says nor where it was raised gets into a span: both may quote what
    is nobody's business.
    """

    def __enter__(self) -> Self:
        """Begin: spans and calls from here on are part of it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        ...

    def tell(self, name: str, value: Value | None) -> None:
        """Add an attribute; ``None`` is left out."""
        ...

    def fail(self, why: str) -> None:
        """Say that it failed, with a reason code, a status or the type of an error."""
        ...


class Tracer(Protocol):
    """Makes spans, and knows the one that goes on in this thread."""

    def span(
        self,
        role: Role,
        name: str,
        attributes: Mapping[str, Value],
        origin: Origin | None = None,
        waited: float = 0.0,
    ) -> Span:
        """Make a span, which began so many seconds ago.

        A server's and a consumer's begins a trace or goes on with that of its origin; any
        other is part of what goes on in this thread. A client's that is part of nothing is none.
        """
        ...

    def naming(self, operation: str) -> AbstractContextManager[object]:
        """Return a block whose calls upstream get the name of an operation."""
        ...

    def ids(self) -> dict[str, str]:
        """Return ``trace_id`` and ``span_id`` of what goes on; nothing where nothing does."""
        ...

    def send_along(self, headers: MutableMapping[str, str]) -> None:
        """Add the trace context to the headers of a call."""
        ...

    def context(self) -> str | None:
        """Return what goes on as a ``traceparent``, to be kept with what is done later."""
        ...


class Traces(Protocol):
    """What a process begins and ends of its tracing."""

    def begin(self) -> None:
        """Begin to make spans; once a process, after its fork."""
        ...

    def end(self, seconds: float) -> None:
        """Make no more, and send those that wait, within so many seconds."""
        ...


class NoTraces:
    """Tracing is off."""

    def begin(self) -> None:
        """Do nothing."""

    def end(self, _seconds: float) -> None:
        """Do nothing."""


class _Nothing:
    """A span where tracing is off."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def tell(self, name: str, value: Value | None) -> None:
        pass

    def fail(self, why: str) -> None:
        pass


NOTHING: Final[Span] = _Nothing()


class _InForce:
    """The tracer of this process; ``None`` where tracing is off."""

    __slots__ = ("tracer",)

    def __init__(self) -> None:
        self.tracer: Tracer | None = None


_now: Final = _InForce()


def turn_on(tracer: Tracer) -> None:
    """Let spans be made from here on, in this process."""
    _now.tracer = tracer


def turn_off() -> None:
    """Let no more be made."""
    _now.tracer = None


def is_on() -> bool:
    """Whether spans are made: else nobody need collect what they would tell."""
    return _now.tracer is not None


def request(
    method: str, route: str, scheme: str, origin: Origin | None, waited: float = 0.0
) -> Span:
    """Return the span of a request to the service, named by its route's template.

    ``waited`` is how many seconds ago it arrived.
    """
    if _now.tracer is None:
        return NOTHING
    attributes: dict[str, Value] = {
        "http.request.method": method,
        "http.route": route,
        "url.scheme": scheme,
    }
    return _now.tracer.span(Role.SERVER, f"{method} {route}", attributes, origin, waited)


def call(method: str, template: str, server: Mapping[str, Value]) -> Span:
    """Return the span of a call to Kratos or Hydra, named by its path without any id."""
    if _now.tracer is None:
        return NOTHING
    attributes = {"http.request.method": method, "url.template": template, **server}
    return _now.tracer.span(Role.CLIENT, f"{method} {template}", attributes)


def operation(name: str) -> AbstractContextManager[object]:
    """Return a block whose calls are of an operation, as metrics and records name it."""
    return NOTHING if _now.tracer is None else _now.tracer.naming(name)


def decision(event: str, policy: str) -> Span:
    """Return the span of a decision, its calls included; ``policy`` is the policy's digest."""
    if _now.tracer is None:
        return NOTHING
    attributes = {"webhook_service.event": event, "webhook_service.policy": policy}
    return _now.tracer.span(Role.INTERNAL, f"decide {event}", attributes)


def keeping(count: int) -> Span:
    """Return the span of so many effects being written to the database."""
    if _now.tracer is None:
        return NOTHING
    return _now.tracer.span(Role.INTERNAL, "keep effects", {"webhook_service.effects": count})


def effect(kind: str, seq: int, attempts: int, context: str | None, age: float) -> Span:
    """Return the span of one try of an effect.

    Args:
        kind: what is done.
        seq: its number, for ``webhook-service effects show``.
        attempts: how many tries came to an end before.
        context: the ``traceparent`` that was kept with it.
        age: for how many seconds it has been kept.
    """
    if _now.tracer is None:
        return NOTHING
    attributes: dict[str, Value] = {
        "webhook_service.effect.kind": kind,
        "webhook_service.effect.seq": seq,
        "webhook_service.effect.tries": attempts + 1,
    }
    origin = Origin(context, continued=age < TOGETHER_SECONDS) if context else None
    return _now.tracer.span(Role.CONSUMER, f"effect {kind}", attributes, origin)


def ids() -> dict[str, str]:
    """Return ``trace_id`` and ``span_id`` of what goes on, for a log line."""
    return {} if _now.tracer is None else _now.tracer.ids()


def send_along(headers: MutableMapping[str, str]) -> None:
    """Add the trace context to the headers of a call."""
    if _now.tracer is not None:
        _now.tracer.send_along(headers)


def context() -> str | None:
    """Return the ``traceparent`` of what goes on, to be kept with what is done later."""
    return None if _now.tracer is None else _now.tracer.context()
