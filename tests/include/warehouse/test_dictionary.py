from __future__ import annotations

from include.warehouse.dictionary import PAGE, page


def test_the_page_is_in_step_with_the_models() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m include.warehouse.dictionary"
