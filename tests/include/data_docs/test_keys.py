from __future__ import annotations

import pytest

from include.data_docs import page_key, page_url, run_page_key
from include.data_docs.keys import relative_link
from include.interval import Interval

RUN = "20261120T0000Z_20261120T0400Z"


def test_each_result_has_a_page_below_its_run() -> None:
    key = page_key(f"validations/tweets/dt=2026-11-20/account=nasa/{RUN}.json")

    assert key == f"data-docs/tweets/2026-11/{RUN}/accounts/nasa.html"


def test_an_account_in_parts_has_a_page_for_each() -> None:
    folder = "validations/tweets/dt=2026-11-20/account=nasa"
    keys = [f"{folder}/{RUN}{part}.json" for part in ("", "-part-0001", "-part-0002")]

    assert len({page_key(key) for key in keys}) == 3


def test_an_account_named_index_does_not_replace_the_runs_page() -> None:
    key = page_key(f"validations/tweets/dt=2026-11-20/account=index/{RUN}.json")

    assert key != run_page_key("tweets", Interval.parse(RUN))


@pytest.mark.parametrize(
    "key",
    [
        f"validations/tweets/dt=2026-11-20/account=nasa/{RUN}.report.json",
        f"validations/tweets/dt=2026-11-20/run/{RUN}.json",
        "data-docs/index.html",
    ],
)
def test_what_is_no_result_has_no_page(key: str) -> None:
    with pytest.raises(ValueError, match=r"write validations/<dataset>"):
        page_key(key)


@pytest.mark.parametrize("site", ["http://docs.example:8090", "http://docs.example:8090/"])
def test_the_site_may_be_served_with_or_without_a_closing_slash(site: str) -> None:
    assert page_url(site, "data-docs/tweets/2026-11/index.html") == (
        "http://docs.example:8090/tweets/2026-11/index.html"
    )


def test_links_climb_from_page_to_page() -> None:
    page = run_page_key("tweets", Interval.parse(RUN))

    assert relative_link(page, "data-docs/index.html") == "../../../index.html"
