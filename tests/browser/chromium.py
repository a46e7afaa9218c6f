"""Debian's Chromium, driven by Playwright. No browser is ever downloaded.

Each context of it is a new profile: no cookie of one test is another's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ory.servers import StartError
from playwright.sync_api import Browser, sync_playwright

PROGRAM: Final = Path("/usr/bin/chromium")

FLAGS: Final = (
    "--no-sandbox",  # root may not use it, and CI is root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Chromium itself talks to nobody, and asks no name server about anything.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@contextmanager
def running() -> Iterator[Browser]:
    """Run a headless Chromium until the block ends.

    Raises:
        StartError: it is not installed. These tests are never skipped for that: a green run
            must mean that they ran.
    """
    if not PROGRAM.exists():
        raise StartError(f"{PROGRAM} not found: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS, headless=True)
        try:
            yield browser
        finally:
            browser.close()
