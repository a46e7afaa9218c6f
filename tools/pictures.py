"""Takes the pictures of the operator's page: ``python tools/pictures.py``. Needs Chromium.

They are taken of the service itself, after a busy hour: see ``pictured_world``.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from pictured_world import CALLS, FACTS, POLICY, calls, people, stand_in
from playwright.sync_api import Browser, Page

HERE: Final = Path(__file__).parent
PICTURES: Final = HERE.parent / "docs" / "pictures"
PAYLOAD: Final = HERE.parent / "webhook_service" / "sandbox" / "refresh.json"
SIZE: Final = {"width": 1280, "height": 720}
SCALE: Final = 1.5
MICROSECOND: Final = timedelta(microseconds=1)

PATHS: Final = {
    "decisions": ("/", "light"),
    "decisions-dark": ("/", "dark"),
    "decision": ("/decisions/newest", "light"),
    "effects": ("/effects", "light"),
    "rules": ("/rules", "light"),
    "simulate": ("/simulate", "light"),
}


def main() -> None:
    """Let the service decide for an hour, and look at it."""
    PICTURES.mkdir(exist_ok=True)
    with _lively_service() as service, import_module("browser.chromium").running() as browser:
        for name, (path, scheme) in PATHS.items():
            with _signed_in(browser, service, scheme) as page:
                _show(page, service, path)
                file = PICTURES / f"{name}.png"
                page.screenshot(path=file)
                print(f"{file.name}: {file.stat().st_size / 1024:.0f} KiB")


@contextmanager
def _lively_service() -> Iterator[Any]:
    """Run the service, and let it decide about everything."""
    running, operator = import_module("server.running"), import_module("browser.operator_page")
    recorded = import_module("unit.workbench").Recorded()
    chance = random.Random(3)  # noqa: S311  the same each time, and no secret
    everybody = people(chance)
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as folder,
        running.running(
            Path(folder),
            "gunicorn",
            stand_in(everybody),
            POLICY,
            WEB_CONCURRENCY="1",
            RECORD_RATE="10000",
        ) as service,
    ):
        ask = import_module("server.wire").ask
        for number, (hook, body) in enumerate(calls(everybody, recorded, chance)):
            if number == CALLS // 2:
                _fail(service)
            key = running.KRATOS if hook.startswith("kratos") else running.HYDRA
            ask(service.port, running.hook(body, key=key, target=f"/hooks/{hook}"))
        operator.until_kept(service, CALLS + 1)
        _spread(service.folder / "webhook-service.db", chance)
        yield service


def _fail(service: Any) -> None:  # noqa: ANN401  the tests' own
    """Let Kratos have too much to do for two calls that read, and all that end a session."""
    faults = import_module("webhook_service.ory.fake.faults")
    service.ory.break_calls("kratos", faults.says(503), method="GET", times=2)
    service.ory.break_calls("kratos", faults.says(503), method="DELETE")


def _spread(database: Path, chance: random.Random) -> None:
    """Let what was decided in seconds have been decided over two hours, all times along."""
    earlier = timedelta()
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute(
            "SELECT seq, at, line FROM decisions ORDER BY seq DESC"
        ).fetchall()
        for seq, at, line in rows:
            by = earlier // MICROSECOND
            record = json.loads(line)
            record["at"] = _moved(record["at"], earlier)
            record["facts"] = _moved(record["facts"], earlier)
            connection.execute(
                "UPDATE decisions SET at = ?, line = ? WHERE seq = ?",
                (at - by, json.dumps(record), seq),
            )
            connection.execute("UPDATE decision_rules SET at = at - ? WHERE seq = ?", (by, seq))
            earlier += timedelta(seconds=chance.expovariate(1 / 42))


def _moved(value: Any, by: timedelta) -> Any:  # noqa: ANN401  JSON of any shape
    """Return a JSON value with every time in it earlier by so much."""
    match value:
        case str():
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                return value
            return (moment - by).isoformat().replace("+00:00", "Z")
        case list():
            return [_moved(item, by) for item in value]
        case dict():
            return {name: _moved(item, by) for name, item in value.items()}
    return value


@contextmanager
def _signed_in(browser: Browser, service: Any, scheme: str) -> Iterator[Page]:  # noqa: ANN401  the tests' own
    operator = import_module("browser.operator_page")
    with operator.opened(browser, service, color_scheme=scheme, device_scale_factor=SCALE) as tab:
        tab.page.set_viewport_size(SIZE)
        tab.sign_in()
        yield tab.page


def _show(page: Page, service: Any, path: str) -> None:  # noqa: ANN401  the tests' own
    """Open a page, and do what makes it worth a look."""
    address = f"http://127.0.0.1:{service.port}"
    page.goto(f"{address}/")
    if path == "/decisions/newest":
        page.locator("#rows a").first.click()
    elif path != "/":
        page.goto(address + path)
    if path == "/simulate":
        page.get_by_label("Event", exact=True).fill(PAYLOAD.read_text("utf-8"))
        page.get_by_label("Facts").fill(FACTS)
        page.get_by_role("button", name="Simulate").click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent / "tests"))
    main()
