"""Nothing that somebody posts runs, loads or leads anywhere: Chromium says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from include.compliance.record import Record
from include.notify import digest, failure, forgotten
from include.notify.alerts import News
from include.notify.failure import TaskFailure
from tests.security.conftest import INTERVALS
from tests.security.poison import ELSEWHERE, POISONS, SCRIPTS, WORK

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TO = ["data-team@example.org"]
DOCS = "http://docs.example"
ACTIVE = (
    "script, iframe, frame, object, embed, base, img, audio, video, animate, foreignObject, "
    "meta[http-equiv]:not([http-equiv='Content-Security-Policy'])"
)
TOUCH_EVERYTHING = """() => {
  const events = ['mouseover', 'focus', 'blur', 'load', 'error', 'toggle', 'pointerenter', 'wheel'];
  for (const element of document.querySelectorAll('*'))
    for (const name of events) element.dispatchEvent(new Event(name));
}"""
HANDLERS = """() => [...document.querySelectorAll('*')].flatMap(
  element => [...element.attributes].map(a => a.name).filter(name => name.startsWith('on')))"""
LINKS = """() => [...document.querySelectorAll('[href], [src], [action], [formaction]')].flatMap(
  element => ['href', 'src', 'action', 'formAction']
    .map(name => element[name]).filter(link => typeof link === 'string' && link))"""


@dataclass
class Canaries:
    """What would tell that a page did something."""

    page: Page
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(f"**//{ELSEWHERE}/**", lambda route: route.fulfill(status=204))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def sung(self) -> list[str]:
        """Everything that ran, was asked for or was opened."""
        asked = [url for url in self.requests if ELSEWHERE in url]
        ran = ["ran"] if self.page.evaluate("window.ran === 1 || document.title === 'ran'") else []
        return [*self.dialogs, *asked, *ran]


@contextmanager
def watched(browser: Browser, **options) -> Iterator[Canaries]:
    context = browser.new_context(**options)
    yield Canaries(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def pages(poisoned) -> list[str]:
    """Every page that there is: stored ones, and those that are made when they are asked for."""
    stored = [
        key.removeprefix("data-docs/")
        for key in poisoned.lake.keys("data-docs/")
        if key.endswith(".html")
    ]
    items = [
        f"quarantine/{dataset}/{INTERVALS[dataset]}/{account}/?start={start}"
        for dataset, account in (("tweets", "nasa"), ("users", "all-accounts"))
        for start in (0, 50)
    ]
    asked = "quarantine/?state=all&account=<script>window.ran=1</script>&reason=%22onfocus=alert(1)"
    return [*stored, *items, "quarantine/?state=all", asked, "<script>window.ran=1</script>"]


def told(page: Page) -> str:
    """The words of a page, in one line."""
    return " ".join(page.inner_text("body").split())


def is_inert(canaries: Canaries, *own: str) -> None:
    page = canaries.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(TOUCH_EVERYTHING)
    assert page.locator(ACTIVE).count() == 0
    assert page.evaluate(HANDLERS) == []
    leading_away = [
        link
        for link in page.evaluate(LINKS)
        if link != "data:," and not link.startswith(tuple(f"{place}/" for place in own))
    ]
    assert leading_away == []
    assert canaries.sung() == []


def test_the_canaries_sing_where_texts_are_taken_for_markup(chromium):
    """Otherwise the silence of all other tests would prove nothing."""
    found = []
    for script in SCRIPTS[:4] + SCRIPTS[9:11]:
        with watched(chromium) as canaries:
            page = canaries.page
            page.set_content(f'<title>t</title><p title="{script}">{script}</p>', timeout=5_000)
            found.append(canaries.sung())
    assert all(found)
    songs = {song for one in found for song in one}
    assert {"ran", "1"} <= songs
    assert any(song.startswith(f"http://{ELSEWHERE}") for song in songs)


def test_no_page_does_anything_even_without_its_policy(chromium, site, pages):
    words = ""
    with watched(chromium, bypass_csp=True) as canaries:
        for path in pages:
            canaries.page.goto(f"{site}/{path}")
            is_inert(canaries, site)
            words += told(canaries.page)
        assert {urlsplit(url).netloc for url in canaries.requests if "data:" not in url} == {
            urlsplit(site).netloc
        }
    # They are on the pages, as the texts that they are.
    for poison in POISONS:
        assert max(re.findall(r"[!-~]+", poison), key=len)[:20] in words, poison
    assert str(WORK) not in words


def test_the_policy_has_nothing_to_refuse(chromium, site, pages):
    with watched(chromium) as canaries:
        for path in pages:
            answer = canaries.page.goto(f"{site}/{path}")
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; img-src data:;")
            assert "frame-ancestors 'self'" in policy
            assert "script" not in policy
        refused = [text for text in canaries.console if "Content Security Policy" in text]
        assert refused == []
        assert canaries.sung() == []


def mails(poisoned):
    """Each mail that holds texts of others."""
    said = "\n".join(SCRIPTS)
    for run in poisoned.runs.values():
        told = {account.account: account.outcome.value for account in run.accounts}
        yield digest.compose(run, News(told=told), data_docs_url=DOCS, recipients=TO)
    yield failure.compose(
        TaskFailure(
            dag_id="ingest_tweets",
            task_id="extract",
            map_label="nasa",
            interval="2026-11-02",
            try_number=1,
            most_tries=1,
            error_type="BadRequest",
            error_message=f"X refused the request: {said[:400]}",
            log_url=f"{DOCS}/log",
        ),
        recipients=TO,
    )
    yield forgotten.compose(
        Record(
            day=date(2026, 11, 2),
            source="compliance jobs",
            dry_run=False,
            posts={str(n): script for n, script in enumerate(SCRIPTS)},
            users={},
            objects={"raw": 1},
        ),
        bucket="poisoned-lake",
        recipients=TO,
    )


def test_no_mail_does_anything(chromium, poisoned):
    sent = list(mails(poisoned))
    assert len(sent) == 4
    for mail in sent:
        html = mail.get_body(("html",)).get_content()
        assert "<script" not in html
        assert "script>" in unescape(html)
        with watched(chromium) as canaries:
            canaries.page.set_content(html)
            is_inert(canaries, DOCS)
            assert canaries.requests == []


def test_a_mail_has_the_headers_that_we_gave_it(poisoned):
    for mail in mails(poisoned):
        assert {name.lower() for name in dict(mail)} <= {
            "subject", "to", "from", "date", "message-id", "mime-version", "content-type",
            "auto-submitted", "x-auto-response-suppress", "content-transfer-encoding",
        }  # fmt: skip
        assert "\n" not in mail["Subject"]
