"""The pages that Kratos leaves to its operator, as plain as they can be, and a consent page.

Each page of a flow is what Kratos says: its messages, and its nodes as forms that the browser
sends back to Kratos. Nothing here decides anything, and there is no script.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final, TypeAlias

import requests
from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

Json: TypeAlias = dict[str, Any]

TITLES: Final = {
    "login": "Sign in",
    "registration": "Sign up",
    "settings": "Account settings",
    "recovery": "Recover your account",
    "verification": "Verify your address",
}


def pages(kratos_public_url: str, hydra_admin_url: str) -> Flask:
    """Make the app."""
    app = Flask(__name__, template_folder="pages")

    @app.get("/")
    def home() -> str:
        """Show where Kratos sends people who have nowhere else to go."""
        return render_template("text.html", title="Home", text="")

    @app.get("/<any(login, registration, settings, recovery, verification):kind>")
    def flow(kind: str) -> AnyResponse | str:
        """Show a flow; whoever comes without one is sent to begin it."""
        if "flow" not in request.args:
            return redirect(f"{kratos_public_url}/self-service/{kind}/browser")
        found = _as_the_browser(
            f"{kratos_public_url}/self-service/{kind}/flows", id=request.args["flow"]
        )
        if not found.ok:
            return _text("This page has expired", found.text)
        ui: Json = found.json()["ui"]
        return render_template("flow.html", title=TITLES[kind], ui=ui, forms=_forms(ui["nodes"]))

    @app.get("/error")
    def error() -> AnyResponse:
        """Show what went wrong: Kratos hands over an id, Hydra the text itself."""
        if "id" not in request.args:
            return _text("Error", request.args.get("error_description", ""))
        asked = {"id": request.args["id"]}
        found = requests.get(f"{kratos_public_url}/self-service/errors", asked, timeout=10)
        return _text("Error", found.text)

    def hydra(method: str, path: str, challenge: str, body: Json | None = None) -> Json:
        address = f"{hydra_admin_url}/admin/oauth2/auth/requests/{path}"
        query = {"consent_challenge": challenge}
        reply = requests.request(method, address, params=query, json=body, timeout=10)
        reply.raise_for_status()
        answer: Json = reply.json()
        return answer

    @app.get("/consent")
    def consent() -> str:
        """Ask whether a client may have what it wants."""
        challenge = request.args["consent_challenge"]
        asked = hydra("GET", "consent", challenge)
        return render_template("consent.html", title="Allow access?", asked=asked)

    @app.post("/consent")
    def decide() -> AnyResponse:
        """Tell Hydra the person's decision, with the session that the token will belong to."""
        challenge = request.form["consent_challenge"]
        if request.form["decision"] != "allow":
            refused: Json = {"error": "access_denied", "error_description": "The person refused."}
            return redirect(hydra("PUT", "consent/reject", challenge, refused)["redirect_to"])
        asked = hydra("GET", "consent", challenge)
        session = _as_the_browser(f"{kratos_public_url}/sessions/whoami").json()
        accepted: Json = {
            "grant_scope": asked["requested_scope"],
            "grant_access_token_audience": asked["requested_access_token_audience"],
            "session": {"access_token": {"kratos_session_id": session["id"]}},
        }
        return redirect(hydra("PUT", "consent/accept", challenge, accepted)["redirect_to"])

    return app


def _as_the_browser(address: str, **query: str) -> requests.Response:
    """Ask Kratos with the browser's cookies.

    No cookie of the answer is handed on: a page of this app never makes a session's cookie
    live longer (F57).
    """
    cookies = {"Cookie": request.headers.get("Cookie", "")}
    return requests.get(address, query, headers=cookies, timeout=10)


def _forms(nodes: list[Json]) -> dict[str, list[Json]]:
    """Return one form for each group of nodes, with the nodes that belong to all of them.

    One form for everything would not be sent: a browser insists on the required fields of
    the methods that the person does not use.
    """
    nodes = [node for node in nodes if node["type"] != "script"]
    by_group = {
        group: list(members) for group, members in groupby(sorted(nodes, key=_group), key=_group)
    }
    common = by_group.pop("default", [])
    if not by_group:
        return {"default": common}
    return {group: [*common, *members] for group, members in by_group.items()}


def _group(node: Json) -> str:
    group: str = node["group"]
    return group


def _text(title: str, text: str) -> Response:
    return Response(render_template("text.html", title=title, text=text))
