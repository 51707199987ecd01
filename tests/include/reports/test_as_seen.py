"""The reports as a person sees them: in Chromium, light and dark, on a desk and on a telephone.

With `PICTURES=<folder>` in the environment the pictures are kept there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def site(full, reports, tmp_path_factory):
    """The pages as files."""
    folder = tmp_path_factory.mktemp("site")
    for key in full.lake.keys("data-docs/"):
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(full.lake.get(key))
    return folder / "data-docs"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_can_be_read_by_everybody_and_ask_for_nothing(chromium, site, scheme):
    from axe_playwright_python.sync_playwright import Axe

    asked, errors = set(), []
    page = chromium.new_page(color_scheme=scheme)
    try:
        page.on("request", lambda request: asked.add(request.url))
        page.on("console", lambda message: errors.append(message.text))
        for dataset in ("tweets", "users", "tweet_metrics"):
            page.goto(f"{site.as_uri()}/reports/{dataset}.html")
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if folder := os.environ.get("PICTURES"):
                    path = Path(folder) / f"{dataset}-{scheme}-{width}.png"
                    page.screenshot(path=path, full_page=True)
            assert errors == []
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            errors.clear()  # Axe would read the style sheet, which the page does not let it
    finally:
        page.close()
    assert {url for url in asked if not url.startswith((site.as_uri(), "data:"))} == set()
