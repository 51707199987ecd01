"""The system's Chromium, driven by Playwright; CI sets REQUIRE_BROWSER and never does without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("gpu", "quic", "background-networking", "component-update", "sync")


@contextmanager
def headless(*more_flags: str) -> Iterator[Browser]:
    """A browser; where there is none, the test that asks is skipped, or fails in CI.

    While Playwright runs, nobody else in the process can start an event loop.
    """
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        missing = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
        missing("no Chromium was found; `apt-get install chromium` brings one")
    from playwright.sync_api import sync_playwright

    flags = [
        "--no-sandbox",
        "--no-first-run",
        *(f"--disable-{name}" for name in _QUIET),
        *more_flags,
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()
