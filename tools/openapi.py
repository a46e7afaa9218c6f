"""Writes openapi.yaml from the marshmallow schemas: ``make openapi``.

A document made from what reads the requests cannot say something else than they do. A test
holds the committed file to this.
"""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any

import openapi_checks
import openapi_gates
import openapi_health
import openapi_hooks
import openapi_page
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from ruamel.yaml import YAML

from webhook_service import __version__
from webhook_service.wire import Flag, Time

DESCRIPTION = """\
Answers the action hooks of Ory Kratos and Ory Hydra from one policy file.
Ory adds fields to its requests; what is not named here is let be.
"""


def document() -> str:
    """Return the document as YAML."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="webhook-service",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": DESCRIPTION},
        plugins=[plugin],
    )
    if plugin.converter is not None:  # set as soon as a spec has the plugin
        plugin.converter.field_mapping[Time] = ("string", "date-time")
        plugin.converter.field_mapping[Flag] = ("boolean", None)
    for caller in ("hydra", "kratos", "operator"):
        spec.components.security_scheme(
            caller,
            {
                "type": "http",
                "scheme": "bearer",
                "description": f"A key of {caller.upper()}"
                + ("_KEYS." if caller == "operator" else "_HOOK_KEYS."),
            },
        )
    openapi_hooks.describe(spec)
    openapi_checks.describe(spec)
    openapi_gates.describe(spec)
    openapi_health.describe(spec)
    openapi_page.describe(spec)
    made = spec.to_dict()
    first = {name: made.pop(name) for name in ("openapi", "info")}
    return _yaml({**first, **made})


def _yaml(value: dict[str, Any]) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # wrongly typed there
    yaml.width = 100
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue()


if __name__ == "__main__":
    sys.stdout.write(document())
