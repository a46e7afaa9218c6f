"""The short way through a schema reads what marshmallow reads, and lets it refuse the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from marshmallow.validate import Length
from unit.workbench import Recorded

from webhook_service.hooks.hydra_refresh import REFRESH_HOOK_BODY
from webhook_service.hooks.hydra_token import TOKEN_HOOK_BODY
from webhook_service.hooks.kratos_body import KRATOS_HOOK_BODY
from webhook_service.hooks.kratos_login import LOGIN_HOOK_BODY
from webhook_service.hooks.kratos_settings import SETTINGS_HOOK_BODY
from webhook_service.wire import Flag, Time, WireSchema
from webhook_service.wire_reader import MisfitError, object_reader

BODIES: dict[str, WireSchema] = {
    "hydra.token": TOKEN_HOOK_BODY,
    "hydra.refresh_token_hook": REFRESH_HOOK_BODY,
    "kratos.login": LOGIN_HOOK_BODY,
    "kratos.registration": KRATOS_HOOK_BODY,
    "kratos.settings": SETTINGS_HOOK_BODY,
    "kratos.recovery": KRATOS_HOOK_BODY,
    "kratos.verification": KRATOS_HOOK_BODY,
}


def outcome(load: Any, data: object) -> object:
    """Return what comes of it: the value, or every message."""
    try:
        return load(data)
    except ValidationError as error:
        return error.messages


def marshmallow_alone(schema: WireSchema) -> Any:
    """Return the way that ``WireSchema`` avoids."""
    return lambda data: Schema.load(schema, data)


@pytest.mark.parametrize("path", Recorded.cases(*BODIES))
def test_every_recorded_body_is_read_the_short_way_and_alike(path: Path) -> None:
    body = json.loads(path.read_text())["body"]
    schema = next(schema for name, schema in BODIES.items() if path.name.startswith(name))
    assert object_reader(schema)(body) == marshmallow_alone(schema)(body)


class Inner(WireSchema):
    text = fields.String(required=True)
    flag = Flag(allow_none=True, load_default=False)


class Outer(WireSchema):
    text = fields.String()
    texts = fields.List(fields.String(), allow_none=True, load_default=None)
    inner = fields.Nested(Inner(), required=True)
    many = fields.List(fields.Nested(Inner()), load_default=list)
    several = fields.Nested(Inner(), many=True)
    gaps = fields.List(fields.String(allow_none=True))
    raws = fields.List(fields.Raw())
    mapping = fields.Dict(allow_none=True)
    lengths = fields.Dict(values=fields.Integer())
    raw = fields.Raw(allow_none=True)
    time = Time(allow_none=True, load_default=None)
    short = fields.String(validate=Length(max=2))


FITTING: dict[str, Any] = {
    "text": "t",
    "texts": ["a", "b"],
    "inner": {"text": "t", "flag": True, "grown": 1},
    "many": [{"text": "t"}, {"text": "u", "flag": None}],
    "several": [{"text": "t"}],
    "gaps": ["a"],
    "raws": [1, "a", []],
    "mapping": {"any": {"thing": None}},
    "lengths": {"a": 1},
    "raw": {"any": "thing"},
    "time": "2026-11-25T12:00:00Z",
    "short": "ab",
    "grown": "later",
}
MISSING = object()
OTHERS: list[Any] = [
    MISSING,
    None,
    True,
    3,
    "",
    "long text",
    [],
    ["a", 1],
    ["a", None],
    [{"text": "t"}, {"text": 1}],
    [{"text": "t"}, None],
    {},
    {"text": "t"},
    {"text": None},
    {"text": "t", "flag": "yes"},
    {"a": "b"},
]


def test_what_fits_is_read_the_short_way_and_alike() -> None:
    assert object_reader(Outer())(FITTING) == marshmallow_alone(Outer())(FITTING)


@pytest.mark.parametrize("name", FITTING)
def test_one_field_of_another_kind_gives_marshmallows_value_or_messages(name: str) -> None:
    schema = Outer()
    for other in OTHERS:
        data = {**FITTING, name: other}
        if other is MISSING:
            del data[name]
        assert outcome(schema.load, data) == outcome(marshmallow_alone(schema), data)


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_what_is_no_object_is_refused_in_marshmallows_words(data: object) -> None:
    assert outcome(Outer().load, data) == outcome(marshmallow_alone(Outer()), data)


def test_what_does_not_fit_is_no_value() -> None:
    with pytest.raises(MisfitError):
        object_reader(Inner())({"text": 1})


def test_options_of_marshmallows_load_are_marshmallows() -> None:
    assert Inner().load({}, partial=True, unknown=EXCLUDE) == {}
