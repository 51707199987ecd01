from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from include.notify.alerts import Alerts, News, Trouble
from include.notify.digest import compose, judge
from include.outcomes import Outcome
from include.report import AccountReport, FailedExpectation, RunReport
from include.spending.purse import Bill

RUN = "20261120T0000Z_20261120T0400Z"
PREFIX = f"quarantine/tweets/dt=2026-11-20/account=nasty/{RUN}/"
NOW = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)
EARLIER = "20261119T2000Z_20261120T0000Z"
SITE = "http://docs.example:8090"


def failed(severity: str = "critical", values: tuple[str, ...] = ("-5",), **more: Any) -> Any:
    return FailedExpectation.model_validate(
        {
            "key": "like_count_not_negative",
            "severity": severity,
            "level": "row",
            "note": "Likes are never negative.",
            "column": "like_count",
            "unexpected_count": 1234,
            "observed": None,
            "examples": [
                {"id": f"189000000000000000{n}", "value": v} for n, v in enumerate(values)
            ],
            **more,
        }
    )


def nasty(*expectations: FailedExpectation, detail: str = "3 of 60 rows failed.") -> AccountReport:
    return AccountReport(
        account="nasty",
        outcome=Outcome.ROWS_QUARANTINED,
        detail=detail,
        rows_in=60,
        curated=55,
        quarantined=3,
        duplicates=2,
        failed_expectations=list(expectations),
        quarantine_prefix=PREFIX,
        validation_keys=[f"validations/tweets/dt=2026-11-20/account=nasty/{RUN}.json"],
    )


def quiet(account: str, outcome: Outcome) -> AccountReport:
    return AccountReport(account=account, outcome=outcome, detail=f"It is {outcome}.")


def a_report(*accounts: AccountReport, **more: Any) -> RunReport:
    return RunReport(
        **{"dataset": "tweets", "interval": RUN, "accounts": accounts, "bill": Bill(usd=1.5)} | more
    )


def digest(*accounts: AccountReport, known: Alerts | None = None) -> EmailMessage | None:
    report = a_report(*accounts)
    return compose(
        report,
        judge(known or Alerts(), report, now=NOW, quiet=timedelta(hours=24)),
        data_docs_url=SITE,
        recipients=("one@example.org", "two@example.org"),
    )


def parts(mail: EmailMessage | None) -> tuple[str, str]:
    assert mail is not None
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return plain.get_content(), html.get_content()


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_nothing_is_sent_for_a_clean_run() -> None:
    assert digest(quiet("nasa", Outcome.LANDED), quiet("esa", Outcome.EMPTY)) is None


def known(kind: str, **more: Any) -> Trouble:
    return Trouble(kind=kind, **{"since": EARLIER, "told": NOW - timedelta(hours=4)} | more)


def people_know(**accounts: Trouble) -> Alerts:
    return Alerts(newest=EARLIER, open=accounts)


def test_what_people_know_is_no_reason_to_write_again() -> None:
    knowing = people_know(gone=known("suspended"))

    assert digest(quiet("gone", Outcome.SUSPENDED), known=knowing) is None


def test_a_recovery_that_waited_is_told_though_nothing_came_since() -> None:
    kind = "rows quarantined: text_present"
    assert digest(quiet("esa", Outcome.EMPTY), known=people_know(esa=known(kind))) is None
    mail = digest(quiet("esa", Outcome.EMPTY), known=people_know(esa=known(kind, over=True)))

    assert mail["Subject"].endswith("esa recovered")


def test_what_people_know_is_one_line_of_a_mail_that_goes_out_anyway() -> None:
    knowing = people_know(gone=known("suspended"))
    mail = digest(nasty(failed()), quiet("gone", Outcome.SUSPENDED), known=knowing)

    for part in parts(mail):
        (line,) = [line for line in part.splitlines() if "told before" in line]
        assert "Still in trouble, told before: " in line
        assert "(suspended since 2026-11-19 20:00–24:00 UTC)" in line
        assert "gone: suspended" not in part
        assert "The others" not in part
    assert mail is not None
    assert mail["Subject"].endswith("1 account needs attention")


def test_a_check_more_that_fails_is_another_trouble() -> None:
    knowing = people_know(nasty=known("rows quarantined: other_check"))

    assert digest(nasty(failed()), known=knowing) is not None


def test_an_account_that_is_fine_again_is_told_once_as_recovered() -> None:
    knowing = people_know(nasa=known("suspended"), esa=known("not found"))
    mail = digest(quiet("nasa", Outcome.LANDED), quiet("esa", Outcome.EMPTY), known=knowing)

    assert mail is not None
    assert mail["Subject"] == (
        "[tweet-lake] tweets 2026-11-20 00:00–04:00 UTC: esa and nasa recovered"
    )
    for part in parts(mail):
        assert "suspended since 2026-11-19 20:00–24:00 UTC" in part
        assert "need" not in part.partition("Recovered")[0].partition("<body")[2]


def test_recovery_is_a_section_of_a_digest_that_goes_out_anyway() -> None:
    mail = digest(
        nasty(failed()), quiet("nasa", Outcome.LANDED), known=people_know(nasa=known("suspended"))
    )

    assert mail is not None
    assert mail["Subject"].endswith(": 1 account needs attention, nasa recovered")
    for part in parts(mail):
        assert "Recovered" in part


@pytest.mark.parametrize("kind", ["rows quarantined: a_check", "batch quarantined", "landed: b"])
def test_an_interval_without_posts_does_not_end_trouble_with_posts(kind: str) -> None:
    report = a_report(quiet("nasa", Outcome.EMPTY))
    news = judge(people_know(nasa=known(kind)), report, now=NOW, quiet=timedelta(hours=24))

    assert not news.recovered
    assert news.still.keys() == {"nasa"}


def test_an_account_that_nobody_asks_for_any_more_is_dropped_in_silence() -> None:
    report = a_report(quiet("nasa", Outcome.LANDED))
    news = judge(people_know(gone=known("suspended")), report, now=NOW, quiet=timedelta(hours=24))

    assert news == News(gone=["gone"])


def test_an_expectation_of_severity_info_alone_sends_nothing() -> None:
    landed = quiet("nasa", Outcome.LANDED)

    assert digest(landed.model_copy(update={"failed_expectations": [failed("info")]})) is None


@pytest.mark.parametrize(
    ("others", "subject"),
    [
        ([], "[tweet-lake] tweets 2026-11-20 00:00–04:00 UTC: 1 account needs attention"),
        (
            [quiet("gone", Outcome.SUSPENDED)],
            "[tweet-lake] tweets 2026-11-20 00:00–04:00 UTC: 2 accounts need attention",
        ),
    ],
)
def test_the_subject_says_how_many(others: list[AccountReport], subject: str) -> None:
    mail = digest(nasty(failed()), quiet("nasa", Outcome.LANDED), *others)

    assert mail is not None
    assert mail["Subject"] == subject
    assert mail["To"] == "one@example.org, two@example.org"


def test_both_parts_tell_what_failed_where_the_rows_lie_and_where_to_read_on() -> None:
    plain, html = parts(digest(nasty(failed()), quiet("nasa", Outcome.LANDED)))
    seen = Seen(html)
    run_page = f"{SITE}/tweets/2026-11/{RUN}/index.html"
    gx_page = f"{SITE}/tweets/2026-11/{RUN}/accounts/nasty.html"
    rows_page = f"{SITE}/quarantine/tweets/{RUN}/nasty/"

    for text in (plain, seen.text):
        assert "nasty" in text
        assert "rows quarantined" in text
        assert "3 of 60 rows failed." in text
        assert "critical" in text
        assert "Likes are never negative." in text
        assert "1,234 rows" in text
        assert re.search(r"1890000000000000000: +-5", text)
        assert "to decide on" in text
        assert "The others: 1 landed." in text
        assert "60 fetched: 55 curated, 3 quarantined, 2 duplicates" in text
    assert rows_page in plain
    assert run_page in plain
    assert gx_page in plain
    assert seen.links == [run_page, gx_page, rows_page]


@pytest.mark.parametrize("outcome", [o for o in Outcome if o.needs_attention])
def test_outcomes_are_told_apart(outcome: Outcome) -> None:
    plain, html = parts(digest(quiet("somebody", outcome)))

    assert f"somebody: {outcome.value}\n" in plain
    assert f">{outcome.value}<" in html
    assert f"It is {outcome}." in plain


def test_a_warning_is_told_although_everything_landed() -> None:
    landed = quiet("warned", Outcome.LANDED)
    expectations = [failed("warning"), failed("info", note="Only for the page.")]
    plain, html = parts(digest(landed.model_copy(update={"failed_expectations": expectations})))

    assert "- warning: Likes are never negative." in plain
    for part in (plain, html):
        assert "Only for the page." not in part


def test_three_examples_are_enough() -> None:
    plain, html = parts(digest(nasty(failed(values=("aa", "bb", "cc", "dd")))))

    for part in (plain, html):
        assert "cc" in part
        assert "dd<" not in part
        assert ": dd" not in part


@pytest.mark.parametrize(
    "value",
    [
        "</table><script>alert(1)</script>",
        "<img src='http://elsewhere.example/x.png'>",
        "{{ 7 * 7 }}{% raw %}",
    ],
)
def test_texts_of_posts_stay_text(value: str) -> None:
    plain, html = parts(digest(nasty(failed(values=(value,)), detail=value)))
    seen = Seen(html)

    assert value in plain
    assert value in seen.text
    assert not seen.tags & {"script", "img"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x85"])
def test_a_text_can_not_pose_as_a_line_of_the_mail(end: str) -> None:
    plain, _ = parts(digest(nasty(failed(values=(f"a{end}Data Docs of the run: http://bad",)))))

    assert [line for line in plain.splitlines() if "http://bad" in line] == [
        "      1890000000000000000: a ⏎ Data Docs of the run: http://bad"
    ]


def test_a_text_can_not_turn_the_words_around_it() -> None:
    plain, html = parts(digest(nasty(failed(values=("\u202egnp.exe\u2066 مرحبا \x00\ud83d",)))))

    for part in (plain, html):
        assert "gnp.exe مرحبا" in part
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", part)
    assert "\\ud83d" in plain


def test_no_value_can_add_a_header() -> None:
    report = a_report(nasty(failed()), dataset="tweets\r\nBcc: spy@example.org")
    mail = compose(
        report,
        News(told={"nasty": "rows quarantined"}),
        data_docs_url=SITE,
        recipients=("one@example.org",),
    )

    assert mail is not None
    assert mail["Bcc"] is None
    assert b"\nBcc:" not in mail.as_bytes()


def test_when_everything_fails_the_mail_stays_short() -> None:
    accounts = [quiet(f"account_{n:04}", Outcome.FAILED) for n in range(1200)]
    mail = digest(*accounts)
    plain, _ = parts(mail)

    assert mail is not None
    assert len(mail.as_bytes()) < 100_000
    assert "1150 more need attention" in plain


def test_the_html_loads_nothing() -> None:
    _, html = parts(digest(nasty(failed())))

    assert not re.search(r"src=|url\(|@import|<link", html)


def test_the_same_report_gives_the_same_mail() -> None:
    assert parts(digest(nasty(failed()))) == parts(digest(nasty(failed())))
