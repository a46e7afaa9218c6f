"""The part of openapi.yaml that describes the gates."""

from __future__ import annotations

from typing import Any

from apispec import APISpec


def describe(spec: APISpec) -> None:
    """Describe where Hydra sends browsers, and the forms of the pages that are shown there."""
    html = {"content": {"text/html": {"schema": {"type": "string"}}}}
    answers = {
        "200": {"description": "A page that asks the person.", **html},
        "303": {"description": "Go on: at Kratos, at Hydra, or at CONSENT_UI_URL."},
        "403": {"description": "A page: the way ends here, and why.", **html},
        "410": {"description": "A page: Hydra does not know the challenge.", **html},
        "503": {"description": "A page: Kratos or Hydra does not answer. Reload it.", **html},
    }
    for gate, summary, field in (
        ("login", "Hydra's urls.login: sign in, step up, or go on with the session.", None),
        ("consent", "Hydra's urls.consent: may the client have what it asks for?", "decision"),
        ("logout", "Hydra's urls.logout: end the session at Kratos, then at Hydra.", ""),
    ):
        challenge = {
            "name": f"{gate}_challenge",
            "in": "query",
            "required": True,
            "schema": {"type": "string"},
            "description": "What Hydra sent the browser with. A secret.",
        }
        about = {"tags": ["gates"], "parameters": [challenge], "responses": answers}
        operations = {"get": {"operationId": f"{gate}_gate", "summary": summary, **about}}
        if field is not None:
            sent: dict[str, Any] = {"token": {"type": "string"}}
            if field:
                sent[field] = {"type": "string", "enum": ["allow", "refuse"]}
            form = {"type": "object", "required": list(sent), "properties": sent}
            content = {"content": {"application/x-www-form-urlencoded": {"schema": form}}}
            operations["post"] = {
                "operationId": f"{gate}_form",
                "summary": "The form of the page, sent by the browser that was shown it.",
                "requestBody": {"required": True, **content},
                **about,
            }
        spec.path(f"/oauth2/{gate}", operations=operations)
