"""Each mail as a person sees it: in Chromium, light and dark, on a desk and on a telephone.

With `PICTURES=<folder>` in the environment the pictures are kept there.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from include.compliance.record import Record
from include.interval import Interval
from include.lateness import Late
from include.notify import digest, failure, forgotten, green, late
from include.notify.alerts import News, Trouble
from include.notify.failure import TaskFailure
from include.outcomes import Outcome
from include.report import AccountReport, FailedExpectation, RunReport
from include.settings import Settings
from include.spending.purse import Bill

SITE, AIRFLOW = "http://docs.example:8090", "http://airflow.example"
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
TOLD = MIDNIGHT + timedelta(hours=4)
RUN, NEXT, LATER = (
    Interval(MIDNIGHT + timedelta(hours=h), MIDNIGHT + timedelta(hours=h + 4)) for h in (0, 4, 8)
)
NASTY = "</td></table><script>alert(1)</script><img src=http://elsewhere.example/x.png>"
TO = ("data-team@example.org",)


def failed(key, severity, note, values=(), **more):
    return FailedExpectation(
        key=key,
        severity=severity,
        level="row" if values else "batch",
        note=note,
        column="text",
        unexpected_count=len(values),
        observed=None if values else "0.4",
        examples=[{"id": f"18900000000000000{n:02}", "value": v} for n, v in enumerate(values)],
        **more,
    )


def account(name, outcome, **more):
    prefix = f"dt=2026-11-20/account={name}/{RUN.name}"
    if outcome in {Outcome.ROWS_QUARANTINED, Outcome.BATCH_QUARANTINED}:
        more |= {
            "quarantine_prefix": f"quarantine/tweets/{prefix}/",
            "validation_keys": [f"validations/tweets/{prefix}.json"],
        }
    return AccountReport(**{"account": name, "outcome": outcome, "detail": ""} | more)


REPORT = RunReport(
    dataset="tweets",
    interval=RUN.name,
    accounts=[
        account(
            "faulty_feed",
            Outcome.ROWS_QUARANTINED,
            detail="14 of 20 rows failed; the others have landed.",
            rows_in=1234,
            curated=1219,
            quarantined=14,
            duplicates=1,
            failed_expectations=[
                failed("text_is_text", "critical", "A text is text.", (NASTY, "w" * 110, "مرحبا")),
                failed("language_known", "warning", "Most posts name a language."),
            ],
        ),
        account("an_account_of_15", Outcome.SUSPENDED, detail="X has suspended the account."),
        account("still_suspended", Outcome.SUSPENDED, detail="X has suspended the account."),
        account("harbour_news", Outcome.LANDED, rows_in=31, curated=31),
        account("nasa", Outcome.LANDED, rows_in=3, curated=3),
    ],
    bill=Bill(usd=0.81, saved_usd=0.14),
    remarks=["X sends fields that are not known here: post.public_metrics.mood in 1,240."],
)
FINE = REPORT.model_copy(update={"accounts": REPORT.accounts[-2:], "remarks": []})
SUSPENDED = Trouble(kind="suspended", since=RUN.name, told=TOLD)
SETTINGS = Settings(bucket="tweet-lake", alert_to=TO, data_docs_url=SITE)


def a_digest(report, **news):
    return digest.compose(report, News(**news), data_docs_url=SITE, recipients=TO)


MAILS = {
    "digest": a_digest(
        REPORT,
        told={"faulty_feed": "rows quarantined", "an_account_of_15": "suspended"},
        still={"still_suspended": SUSPENDED},
        recovered={"nasa": SUSPENDED},
    ),
    "recovered": a_digest(FINE, recovered={"nasa": SUSPENDED}),
    "late": late.compose(
        {"tweets": Late("tweets", NEXT, RUN), "tweet_metrics": Late("tweet_metrics", NEXT, None)},
        News(
            told={"tweets": "late", "tweet_metrics": "late"},
            recovered={"users": Trouble(kind="late", since=None, told=TOLD)},
        ),
        settings=SETTINGS,
        airflow_url=AIRFLOW,
    ),
    "failure": failure.compose(
        TaskFailure(
            dag_id="ingest_tweets",
            task_id="validate",
            map_label="harbour_news +3",
            interval="2026-11-20 00:00–04:00 UTC",
            try_number=4,
            most_tries=4,
            error_type="LakeUnavailable",
            error_message=f"s3://tweet-lake/: refused. {NASTY}\nCheck that the bucket exists, "
            + "w" * 120,
            log_url=f"{AIRFLOW}/dags/ingest_tweets/runs/scheduled__2026-11-20T04:00:00+00:00/"
            "tasks/validate/mapped/3?try_number=4",
        ),
        recipients=TO,
    ),
    "green": green.compose(
        "ingest_tweet_metrics",
        LATER,
        News(recovered={"plan": Trouble(kind="BadToken", since=RUN.name, told=TOLD)}),
        recipients=TO,
        airflow_url=AIRFLOW,
    ),
    "forgotten": forgotten.compose(
        Record(
            day=date(2026, 11, 20),
            source="compliance jobs",
            dry_run=False,
            posts={"17": "deleted", "18": "deleted", "19": "suspended"},
            users={"7": "suspended"},
            objects={"raw": 1300, "curated": 2},
        ),
        bucket="tweet-lake",
        recipients=TO,
    ),
}
SCHEMES, WIDTHS = ("light", "dark"), (680, 390)


def part(name, subtype):
    return MAILS[name].get_body((subtype,)).get_content()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", MAILS)
def test_it_can_be_read_by_everybody_and_asks_for_nothing(chromium, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    asked = []
    page = chromium.new_page(color_scheme=scheme)
    try:
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(part(name, "html"))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if folder := os.environ.get("PICTURES"):
                path = Path(folder) / f"{name}-{scheme}-{width}.png"
                page.screenshot(path=path, full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert asked == []
    finally:
        page.close()


class Read(HTMLParser):
    """The words and links of an HTML part, one line for each element."""

    def __init__(self, html):
        super().__init__()
        self.links, self.texts, self._style = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._style = tag in {"style", "title"}
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, _tag):
        self._style = False

    def handle_data(self, data):
        if not self._style and data.strip():
            self.texts.append(" ".join(data.split()))


@pytest.mark.parametrize("name", MAILS)
def test_the_plain_text_has_the_same_facts(name):
    """Every account, figure and link: whoever reads text, or gets it by SNS, lacks nothing."""
    text = " ".join(part(name, "plain").split())
    read = Read(part(name, "html"))
    assert [link for link in read.links if link not in text] == []
    html = " ".join(read.texts)
    facts = set(re.findall(r"[\w$]*\d[\w,.:/$–-]*\w|\w+_\w+|s3://\S+", html))
    assert len(facts) > 3
    assert {fact for fact in facts if fact not in text} == set()
    assert "elsewhere.example" not in "".join(read.links)


@pytest.mark.parametrize("name", MAILS)
def test_its_subject_says_it_within_a_line(name):
    assert len(MAILS[name]["Subject"]) < 100
