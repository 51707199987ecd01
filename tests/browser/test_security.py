"""What another page may do to a reviewer who is logged in, and what a whole Airflow leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from include.lake import Lake
from sandbox.demo import s3_client
from tests.answering import answering
from tests.security.conftest import INTERVALS, run
from tests.security.poison import ELSEWHERE, START, page_of_posts
from tests.security.secret_scan import SANDBOX_SECRETS, files_below, places_of, rows_of

LOOKED_AT = ("rendered_task_instance_fields", "xcom", "connection", "variable", "log")


@pytest.fixture
def another_site() -> Iterator[Callable[[str], str]]:
    """Serves a page at another origin of this machine; returns its address."""
    with ExitStack() as sites:
        page = {"Content-Type": "text/html"}
        yield lambda html: sites.enter_context(answering(html.encode(), page))


def test_another_site_s_form_decides_nothing(airflow, logged_in, another_site):
    item = f"{airflow.url}/data-docs/quarantine/tweets/{airflow.interval}/faulty_feed"
    form = (
        f'<form method="post" action="{item}/decide"><input name="decision" value="discard">'
        '<input name="why" value="gotcha"></form><script>document.forms[0].submit()</script>'
    )
    before = airflow.ask("GET", "dags/review_quarantine/dagRuns")["total_entries"]
    # Another port of this host is the same site: the cookie goes with it.
    logged_in.goto(another_site(form))
    logged_in.get_by_text("A decision is taken from the form of an item's own page only").wait_for()
    assert airflow.ask("GET", "dags/review_quarantine/dagRuns")["total_entries"] == before


def test_no_other_site_may_frame_data_docs(airflow, logged_in, another_site):
    pages = ("", "quarantine/", f"quarantine/tweets/{airflow.interval}/faulty_feed/", "-/run")
    frames = "".join(f'<iframe src="{airflow.url}/data-docs/{page}"></iframe>' for page in pages)
    logged_in.goto(another_site(frames), wait_until="load")
    shown = [frame.url for frame in logged_in.frames[1:]]
    assert len(shown) == len(pages)
    assert all(url.startswith("chrome-error:") for url in shown), shown


def test_posts_do_nothing_inside_airflow_s_ui(airflow, logged_in, visit):
    client, bucket = s3_client(airflow.world), "poisoned-browser-lake"
    client.create_bucket(Bucket=bucket)
    run(Lake(client, bucket), "tweets", "nasa", page_of_posts(START))
    dialogs = []
    logged_in.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    settings = airflow.ask("GET", "variables/tweet_lake")["value"]
    with airflow.setting(settings.replace(airflow.lake.bucket, bucket)):
        logged_in.goto(f"{airflow.url}/plugin/data-docs")
        docs = logged_in.frame_locator("iframe[title='Data Docs']")
        docs.get_by_role("table", name="Waiting for a decision").get_by_role(
            "link", name="nasa"
        ).click()
        docs.get_by_text("<script>").first.wait_for(state="attached")
        logged_in.goto(f"{airflow.url}/data-docs/quarantine/tweets/{INTERVALS['tweets']}/nasa/")
        logged_in.get_by_text("<script>").first.wait_for(state="attached")
        assert logged_in.evaluate("window.ran") is None
    assert dialogs == []
    assert [url for url in visit.requests if ELSEWHERE in url] == []
    assert [text for text in visit.errors if "Content Security Policy" in text] == []


def test_no_secret_is_in_what_a_whole_airflow_leaves(airflow):
    """With a scheduler, task logs, rendered templates and XComs, and a connection to AWS."""
    left = [
        *files_below(airflow.home.directory / "logs"),
        *rows_of(airflow.home.directory / "airflow.db"),
        *((key, airflow.lake.get(key)) for key in airflow.lake.keys("")),
        *files_below(airflow.world.smtp.folder),
    ]
    places = {place for place, _ in left}
    assert {f"the table {name}" for name in LOOKED_AT} <= places
    assert any(place.endswith(".log") for place in places)
    assert places_of(SANDBOX_SECRETS, left) == []
