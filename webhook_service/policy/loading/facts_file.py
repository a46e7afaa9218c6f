"""Files of facts: of one event, or of the people and clients behind many.

The facts are written as the tests of a policy file write them (section 7), in YAML or JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from webhook_service.policy.errors import PolicyError
from webhook_service.policy.facts import FACT_ROOTS, EventName, Source
from webhook_service.policy.loading.fields import Fields
from webhook_service.policy.loading.given import GivenReader
from webhook_service.policy.loading.problems import Problems, StopReadingError, described
from webhook_service.policy.loading.yaml_nodes import MappingNode
from webhook_service.policy.loading.yaml_reader import UnreadableError, read
from webhook_service.policy.model import PolicyTest

T = TypeVar("T")

_ROOTS: Final = tuple(root for root in FACT_ROOTS if root != "now")
_SOURCES: Final = {source.value: source for source in Source}
_OF_A_SUBJECT: Final = ("session", "identity")
_OF_A_CLIENT: Final = ("client",)


@dataclass(frozen=True, slots=True)
class GivenFacts:
    """What a file tells of one event, times still as written (``now-15m``)."""

    facts: Mapping[str, object] = field(repr=False)
    unavailable: frozenset[str] = frozenset()
    now: datetime | None = None

    def as_test(self, event: EventName, now: datetime) -> PolicyTest:
        """Return the facts as a test that expects nothing: they are read the same way."""
        return PolicyTest("", 1, event, now, None, self.facts, self.unavailable, {})


@dataclass(frozen=True, slots=True)
class Upstream:
    """What Kratos and Hydra would tell: of whom, by subject; of which client, by its id."""

    subjects: Mapping[str, GivenFacts]
    clients: Mapping[str, GivenFacts]


def read_facts(data: bytes, filename: str, event: EventName | None) -> GivenFacts:
    """Read the facts of one event: ``client: {id: web}``, ``now``, ``unavailable``.

    Args:
        data: the file's bytes.
        filename: how error messages name the file.
        event: whose facts they are, where that is known.

    Raises:
        PolicyError: the file cannot be used; every error is in it.
    """

    def build(root: MappingNode, problems: Problems) -> GivenFacts:
        known = (*_ROOTS, "now", "unavailable")
        fields = Fields(root, problems, what="a file of facts", known=known)
        now = fields.timestamp("now")
        unavailable = fields.words("unavailable", _SOURCES, empty=True) or ()
        facts = _given(fields, problems, event, _ROOTS)
        return GivenFacts(facts, frozenset(source for _, source in unavailable), now)

    return _built(data, filename, build, "`client: {id: web}`")


def read_upstream(data: bytes, filename: str) -> Upstream:
    """Read what Kratos and Hydra would tell.

    ``subjects:`` maps the ids of identities to ``session`` and ``identity`` facts,
    ``clients:`` the ids of clients to ``client`` facts.

    Raises:
        PolicyError: the file cannot be used; every error is in it.
    """

    def build(root: MappingNode, problems: Problems) -> Upstream:
        known = ("subjects", "clients")
        fields = Fields(root, problems, what="a file of upstream facts", known=known)
        return Upstream(
            _entries(fields, "subjects", "a subject", problems, _OF_A_SUBJECT),
            _entries(fields, "clients", "a client", problems, _OF_A_CLIENT),
        )

    return _built(data, filename, build, "`clients: {web: {client: {name: Web}}}`")


def _built(
    data: bytes, filename: str, build: Callable[[MappingNode, Problems], T], example: str
) -> T:
    problems = Problems()
    try:
        root = read(data) or MappingNode(1, 1, {})
        if isinstance(root, MappingNode):
            built = build(root, problems)
            if not problems.found:
                return built
        else:
            message = f"the file is {described(root)}; it takes keys such as {example}"
            problems.add(root, "policy.wrong_type", message)
    except UnreadableError as error:
        problems.found.append(error.problem)
    except StopReadingError:
        pass
    raise PolicyError(problems.found, filename)


def _entries(
    fields: Fields, key: str, what: str, problems: Problems, roots: tuple[str, ...]
) -> dict[str, GivenFacts]:
    mapping = fields.child(key, "a mapping of ids to facts")
    entries = {}
    for name, entry in mapping or ():
        if isinstance(entry.value, MappingNode):
            inner = Fields(entry.value, problems, what=what, known=roots)
            entries[name] = GivenFacts(_given(inner, problems, None, roots))
        else:
            fields.wrong_type(entry.value, name, "a mapping of facts")
    return entries


def _given(
    fields: Fields, problems: Problems, event: EventName | None, roots: tuple[str, ...]
) -> dict[str, object]:
    """Read the facts among the keys of a mapping."""
    among = ((root, entry) for root, entry in fields.mapping if root in roots)
    return GivenReader(problems, event).facts(among)
