"""What a reviewer does: Airflow's login, Data Docs in the navigation, down to what failed."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from include.data_docs.keys import run_prefix


@pytest.fixture
def run_path(airflow):
    """The run's page, as Airflow serves it."""
    return f"/{run_prefix('tweets', airflow.interval)}"


def test_a_reviewer_comes_from_the_navigation_to_the_expectation_that_failed(
    airflow, logged_in, visit
):
    logged_in.goto(airflow.url)
    logged_in.get_by_role("link", name="Data Docs").click()
    docs = logged_in.frame_locator("iframe[title='Data Docs']")
    expect(docs.get_by_role("img", name="Pass rate of tweets by day")).to_be_visible()
    docs.get_by_role("rowheader", name="2026-11-02 08:00–12:00 UTC").get_by_role("link").click()
    expect(docs.get_by_text("1 account of 3 needs attention")).to_be_visible()
    docs.get_by_role("link", name="all checks of faulty_feed").click()
    expect(docs.get_by_role("heading", name="faulty_feed")).to_be_visible()
    failed = docs.get_by_role("row").filter(has=docs.get_by_text("failed", exact=True)).first
    expect(failed).to_be_visible()
    assert visit.hosts == {urlsplit(airflow.url).netloc}
    assert visit.errors == []


def test_quarantined_rows_are_one_step_from_the_start_page(airflow, logged_in):
    logged_in.goto(f"{airflow.url}/data-docs/")
    waiting = logged_in.get_by_role("table", name="Waiting for a decision: 1 item")
    waiting.get_by_role("link", name="faulty_feed").click()
    item = f"tweets/{airflow.interval}/faulty_feed/"
    logged_in.wait_for_url(f"{airflow.url}/data-docs/quarantine/{item}")
    expect(logged_in.get_by_text("wait for a decision")).to_be_visible()


def test_who_is_not_logged_in_comes_back_to_the_page_that_the_mail_named(airflow, visit, run_path):
    visit.page.goto(f"{airflow.url}{run_path}index.html#faulty_feed")
    visit.page.wait_for_url("**/auth/login?next=*")
    airflow.log_in(visit.page)
    visit.page.wait_for_url(f"{airflow.url}{run_path}index.html*")
    expect(visit.page.get_by_role("heading", name="tweets, 2026-11-02")).to_be_visible()


def test_after_the_login_the_rows_that_a_mail_named_are_there(airflow, visit):
    item = f"{airflow.url}/data-docs/quarantine/tweets/{airflow.interval}/faulty_feed/"
    visit.page.goto(item)
    visit.page.wait_for_url("**/auth/login?next=*")
    airflow.log_in(visit.page)
    visit.page.wait_for_url(item)
    expect(visit.page.get_by_text("wait for a decision")).to_be_visible()


def test_a_session_that_has_ended_leads_to_the_login(airflow, visit):
    visit.context.add_cookies([{"name": "_token", "value": "of.another.start", "url": airflow.url}])
    visit.page.goto(f"{airflow.url}/data-docs/")
    visit.page.wait_for_url("**/auth/login?next=*")


@pytest.mark.parametrize("inside", [True, False], ids=["in the frame", "by itself"])
def test_a_run_s_page_leads_to_the_run_in_airflow(airflow, logged_in, inside):
    if inside:
        logged_in.goto(f"{airflow.url}/plugin/data-docs")
        docs = logged_in.frame_locator("iframe[title='Data Docs']")
    else:
        logged_in.goto(f"{airflow.url}/data-docs/")
        docs = logged_in
    docs.get_by_role("link", name="Airflow run").first.click()
    logged_in.wait_for_url(re.compile(re.escape(airflow.url) + "/dags/ingest_tweets/runs/manual__"))


def test_an_api_client_gets_401_and_with_a_token_the_page(airflow):
    url = f"{airflow.url}/data-docs/"
    refused = requests.get(url, timeout=30)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    headers = {"Authorization": f"Bearer {airflow.token()}"}
    answer = requests.get(url, headers=headers, timeout=30)
    assert (answer.status_code, "Latest runs" in answer.text) == (200, True)
    headers["If-None-Match"] = answer.headers["ETag"]
    again = requests.get(url, headers=headers, timeout=30)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "target",
    [
        "/data-docs/../secret.txt", "/data-docs/%2e%2e/secret.txt", "/data-docs/..%2fsecret.txt",
        "/data-docs/%252e%252e/secret.txt", "/data-docs/..%5csecret.txt", "/data-docs//secret.txt",
        "/data-docs%2f..%2fsecret.txt", "/data-docs/index.html%00", "/data-docs//etc/passwd",
    ],
)  # fmt: skip
def test_nothing_beside_the_site_is_served(airflow, target):
    airflow.lake.put("secret.txt", b"not yours")
    connection = HTTPConnection("127.0.0.1", airflow.home.port, timeout=30)
    connection.putrequest("GET", target, skip_accept_encoding=True)
    connection.putheader("Authorization", f"Bearer {airflow.token()}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 404
    assert b"not yours" not in body
    assert b"root:" not in body


def test_settings_that_are_wrong_are_said_and_airflow_s_ui_goes_on(airflow, logged_in):
    with airflow.setting('{"bucket": "browser-lake"}'):
        logged_in.goto(f"{airflow.url}/data-docs/")
        expect(logged_in.get_by_text("the Airflow Variable 'tweet_lake'")).to_be_visible()
        logged_in.goto(airflow.url)
        expect(logged_in.get_by_role("link", name="Data Docs")).to_be_visible()
    logged_in.goto(f"{airflow.url}/data-docs/")
    expect(logged_in.get_by_role("heading", name="Data Docs")).to_be_visible()


def test_another_bucket_in_the_settings_is_seen_without_a_restart(airflow, logged_in):
    settings = json.loads(airflow.ask("GET", "variables/tweet_lake")["value"])
    with airflow.setting(json.dumps({**settings, "bucket": "no-such-lake"})):
        logged_in.goto(f"{airflow.url}/data-docs/")
        expect(logged_in.get_by_text("s3://no-such-lake/data-docs/index.html")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_can_be_read_by_everybody(airflow, logged_in, run_path, scheme, width):
    logged_in.set_viewport_size({"width": width, "height": 900})
    logged_in.emulate_media(color_scheme=scheme)
    checks = f"{run_path}accounts/faulty_feed.html"
    item = f"/data-docs/quarantine/tweets/{airflow.interval}/faulty_feed/"
    made = ("/data-docs/quarantine/?state=all", item, "/data-docs/none.html")
    for path in ("/data-docs/", "/data-docs/tweets/", run_path, checks, *made):
        logged_in.goto(airflow.url + path)
        assert logged_in.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(logged_in)
        assert found.violations_count == 0, found.generate_report()
