"""As a reviewer: from a failing expectation to its row, through the approval, into the lake."""

from __future__ import annotations

import io

import pyarrow.parquet as pq
from playwright.sync_api import expect

ACCOUNT = "faulty_feed"
WHY = "the count is X's own mistake"
A_RUN = 120_000
"""Milliseconds that a run of the DAG may take on a machine that is busy with other tests."""


def curated(lake):
    return {
        row["tweet_id"]: row
        for key in lake.keys("curated/tweets/")
        if f"account={ACCOUNT}/" in key
        for row in pq.read_table(io.BytesIO(lake.get(key))).to_pylist()
    }


def test_a_row_is_released_through_the_approval_and_is_in_the_lake(airflow, logged_in):
    airflow.home.command("dags", "unpause", "review_quarantine")
    page = logged_in
    page.goto(airflow.url)
    page.get_by_role("link", name="Data Docs").click()
    docs = page.frame_locator("iframe")
    docs.get_by_role("rowheader", name="2026-11-02 08:00–12:00 UTC").get_by_role("link").click()
    docs.get_by_role("link", name=f"all checks of {ACCOUNT}").click()
    expect(docs.get_by_role("heading", level=1)).to_contain_text(ACCOUNT)
    expect(docs.get_by_text("like_count_not_negative").first).to_be_visible()
    docs.get_by_role("navigation", name="Breadcrumb").get_by_role("link").last.click()
    docs.get_by_role("link", name=f"Rows in quarantine of {ACCOUNT}").click()
    row = docs.locator("article", has_text="like_count_not_negative").first
    expect(row.get_by_role("cell", name="-", exact=False).first).to_be_visible()
    tweet_id = row.get_by_role("checkbox").get_attribute("value")
    assert tweet_id not in curated(airflow.lake)

    row.get_by_role("checkbox").check()
    docs.get_by_label("Release").check()
    docs.get_by_role("textbox", name="Why").fill(WHY)
    docs.get_by_role("button", name="Count what it would do").click()
    page.get_by_text("1 row would land").wait_for(timeout=A_RUN)
    assert tweet_id not in curated(airflow.lake)
    page.get_by_role("button", name="Approve").click()

    assert airflow.outcome("review_quarantine", page.url) == "success"
    landed = curated(airflow.lake)[tweet_id]
    assert (landed["released_by"], landed["release_reason"]) == ("admin", WHY)
    page.goto(f"{airflow.url}/data-docs/quarantine/tweets/{airflow.interval}/{ACCOUNT}/")
    expect(page.get_by_text(f"released by {landed['released_by']} at")).to_be_visible()
    expect(page.locator("article", has_text=tweet_id)).to_have_count(0)


def test_nobody_sees_the_quarantine_without_logging_in(airflow, visit):
    for path in ("", f"tweets/{airflow.interval}/{ACCOUNT}/"):
        visit.page.goto(f"{airflow.url}/data-docs/quarantine/{path}")
        visit.page.get_by_label("Username").wait_for()
        assert ACCOUNT not in visit.page.inner_text("body")
